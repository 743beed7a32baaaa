"""Schedules for those who have a scheduler: units of systemd, cron, Slurm and Kubernetes."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from cluster.cron import Cron
from cluster.slurm import driver_options
from pipeline.config import RunConfig

CLAIM = "zpoints"
STOP_SECONDS = 90
"""How long a run that is asked to end may take; it needs seconds."""


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """What a unit runs.

    Attributes
    ----------
    name
        Of the configuration.
    config
        The whole configuration.
    root
        Where the store lies.
    program
        The command ``zpoints``, its path absolute.
    arguments
        The arguments of the command, paths absolute.
    folder
        Where relative paths of the configuration begin.
    cron
        The times.
    """

    name: str
    config: RunConfig
    root: str
    program: str
    arguments: Sequence[str]
    folder: str
    cron: Cron

    @property
    def unit(self) -> str:
        """A name that every scheduler takes."""
        return "zpoints-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")[:40]


def systemd(rerun: Rerun) -> str:
    """A service and its timer, for ``systemctl --user`` or the whole machine."""
    command = " ".join(map(_systemd_word, (rerun.program, *rerun.arguments)))
    folder = rerun.folder.replace("%", "%%")
    return f"""\
# ~/.config/systemd/user/{rerun.unit}.service
[Unit]
Description=zpoints run {rerun.name.replace("%", "%%")}

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={command}
# Variables such as AWS_ACCESS_KEY_ID; the file belongs to its owner alone (chmod 600).
EnvironmentFile=-%h/.config/zpoints/environment
# 3: another run is at work on the store; 143: ended by systemctl stop, the next run goes on.
SuccessExitStatus=3 143
TimeoutStopSec={STOP_SECONDS}

# ~/.config/systemd/user/{rerun.unit}.timer
# Then: systemctl --user daemon-reload && systemctl --user enable --now {rerun.unit}.timer
# and loginctl enable-linger, so that it also runs while you are logged out.
[Unit]
Description=zpoints run {rerun.name.replace("%", "%%")}, {rerun.cron.text.replace("%", "%%")}

[Timer]
OnCalendar={rerun.cron.on_calendar()}
# A run that was missed while the machine was off is made up for, once.
Persistent=true

[Install]
WantedBy=timers.target
"""


def cron(rerun: Rerun) -> str:
    """A line for ``crontab -e``."""
    log = str(Path(rerun.folder, f"{rerun.unit}.log"))
    command = f"cd {shlex.quote(rerun.folder)} && {_shell(rerun)} >> {shlex.quote(log)} 2>&1"
    return (
        "# A line of crontab -e. Exit code 3 in its mail: another run was at work on the store.\n"
        f"{rerun.cron.text} {command.replace('%', chr(92) + '%')}\n"
    )


def slurm(rerun: Rerun) -> str:
    """Lines for ``scrontab -e``; Slurm begins no run of a line while the last one is at work."""
    options = [
        f"--job-name={rerun.unit}",
        f"--chdir={rerun.folder}",
        f"--output={rerun.unit}.log",
        "--open-mode=append",
        *driver_options(rerun.config.cluster.jobs),
    ]
    directives = "".join(f"#SCRON {shlex.quote(option)}\n" for option in options)
    return f"# Lines of scrontab -e.\n{directives}{rerun.cron.text} {_shell(rerun)}\n"


def kubernetes(rerun: Rerun) -> str:
    """A CronJob, and a ConfigMap with the whole configuration."""
    source, local = str(rerun.config.ingest.source), []
    if "://" not in source:
        source = str(Path(rerun.folder, source).resolve())
        local.append(source)
    if "://" not in rerun.root:
        local.append(str(Path(rerun.root).parent))
    ingest = rerun.config.ingest.model_copy(update={"source": source})
    settings = rerun.config.model_copy(update={"ingest": ingest}).model_dump(mode="json")
    mounts = [
        {"name": "data", "mountPath": path, "subPath": path.strip("/")}
        for path in dict.fromkeys(local)
    ]
    volumes: list[dict[str, Any]] = [{"name": "config", "configMap": {"name": rerun.unit}}]
    if mounts:
        volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}})
    container = {
        "name": "zpoints",
        "image": f"zpoints:{version('zpoints')}",
        "args": ["zpoints", "run", f"/etc/zpoints/{rerun.name}.yaml", "--root", rerun.root],
        "workingDir": "/tmp",
        "envFrom": [{"secretRef": {"name": "zpoints", "optional": True}}],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/zpoints"}, *mounts],
    }
    pod = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": STOP_SECONDS,
        "containers": [container],
        "volumes": volumes,
    }
    documents = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": rerun.unit},
            "data": {f"{rerun.name}.yaml": yaml.safe_dump(settings)},
        },
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": rerun.unit},
            "spec": {
                "schedule": rerun.cron.text,
                "concurrencyPolicy": "Forbid",
                "startingDeadlineSeconds": 3600,
                "jobTemplate": {"spec": {"backoffLimit": 2, "template": {"spec": pod}}},
            },
        },
    ]
    return (
        f"# kubectl apply -f {rerun.unit}.yaml\n"
        "# image: one with zpoints installed. The Secret zpoints, if there is one, gives\n"
        f"# variables such as AWS_ACCESS_KEY_ID; the claim {CLAIM} holds what is not in a bucket,\n"
        "# under the paths that it has here.\n" + yaml.safe_dump_all(documents, sort_keys=False)
    )


UNITS: Mapping[str, Callable[[Rerun], str]] = {
    "systemd": systemd,
    "cron": cron,
    "slurm": slurm,
    "kubernetes": kubernetes,
}


def _shell(rerun: Rerun) -> str:
    return shlex.join([rerun.program, *rerun.arguments])


def _systemd_word(word: str) -> str:
    """A word of ExecStart: no specifier, no variable, and quoted where it needs it."""
    escaped = word.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$")
    return escaped if re.fullmatch(r"[\w@%+=:,./$-]+", escaped) else f'"{_quoted(escaped)}"'


def _quoted(text: str) -> str:
    return text.replace('"', '\\"')
