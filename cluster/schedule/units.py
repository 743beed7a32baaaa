"""Schedules for those who have a scheduler: units of systemd, cron, Slurm and Kubernetes."""

import platform
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from zpoints.cluster.jobs.slurm import driver_options
from zpoints.cluster.schedule.cron import Cron
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.errors import ConfigError

CLAIM = "zpoints"
IMAGE = f"zpoints:{version('zpoints')}"
STOP_SECONDS = 90
"""How long a run that is asked to end may take; it needs seconds."""
VARIABLES = ".config/zpoints/environment"
"""A file of lines NAME=value in the home folder, which systemd and a shell read alike."""
READ = f"set -a; [ ! -r ~/{VARIABLES} ] || . ~/{VARIABLES}"
ABOUT_VARIABLES = f"""\
# Variables that a bucket needs, such as AWS_ACCESS_KEY_ID, are read from ~/{VARIABLES}:
# lines NAME=value, in a file that belongs to its owner alone (chmod 600).
"""


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """What a unit runs; its configuration names the photographs.

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
        """A name that every scheduler takes: at most 52 letters, digits and hyphens between."""
        return re.sub(r"[^a-z0-9]+", "-", f"zpoints {self.name.lower()}")[:48].strip("-")


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
EnvironmentFile=-%h/{VARIABLES}
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
    log = shlex.quote(str(Path(rerun.folder, f"{rerun.unit}.log")))
    command = f"{READ}; cd {shlex.quote(rerun.folder)} && {_shell(rerun)} >> {log} 2>&1"
    return (
        "# A line of crontab -e. Exit code 3 in its mail: another run was at work on the store.\n"
        f"{ABOUT_VARIABLES}{rerun.cron.text} {command.replace('%', chr(92) + '%')}\n"
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
    # exec: the signal at the time limit goes to the shell, in whose place the run then is.
    command = f"{READ}; exec {_shell(rerun)}"
    return f"# Lines of scrontab -e.\n{ABOUT_VARIABLES}{directives}{rerun.cron.text} {command}\n"


def kubernetes(rerun: Rerun) -> str:
    """A CronJob, and a ConfigMap with the whole configuration."""
    documents = [_config_map(rerun), _cron_job(rerun)]
    return f"""\
# kubectl apply -f {rerun.unit}.yaml
# The Secret zpoints, if there is one, gives variables such as AWS_ACCESS_KEY_ID; the claim {CLAIM}
# holds what is not in a bucket, under the paths that it has here.
# image: built in a fresh clone of zpoints with docker build -t {IMAGE} . from a Dockerfile such as
#   FROM python:{platform.python_version().rpartition(".")[0]}-slim
#   COPY . /opt/zpoints
#   RUN pip install -c /opt/zpoints/constraints.txt /opt/zpoints
# and pushed to a registry, whose name then comes before the image's.
""" + yaml.safe_dump_all(documents, sort_keys=False)


def _config_map(rerun: Rerun) -> dict[str, Any]:
    ingest = rerun.config.ingest.model_copy(update={"source": _source(rerun)})
    settings = rerun.config.model_copy(update={"ingest": ingest}).model_dump(mode="json")
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": rerun.unit},
        "data": {_key(rerun): yaml.safe_dump(settings)},
    }


def _cron_job(rerun: Rerun) -> dict[str, Any]:
    mounts = [
        {"name": "data", "mountPath": path, "subPath": path.strip("/")}
        for path in _local_folders(rerun)
    ]
    volumes: list[dict[str, Any]] = [{"name": "config", "configMap": {"name": rerun.unit}}]
    if mounts:
        volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}})
    container = {
        "name": "zpoints",
        "image": IMAGE,
        "args": ["zpoints", "run", f"/etc/zpoints/{_key(rerun)}", "--root", rerun.root],
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
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": rerun.unit},
        "spec": {
            "schedule": rerun.cron.text,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 3600,
            "jobTemplate": {"spec": {"backoffLimit": 2, "template": {"spec": pod}}},
        },
    }


def _key(rerun: Rerun) -> str:
    """The configuration's name as the key of a ConfigMap, which is made of few characters."""
    return re.sub(r"[^-._a-zA-Z0-9]+", "-", rerun.name)[:200] + ".yaml"


def _source(rerun: Rerun) -> str:
    source = str(rerun.config.ingest.source)
    if "://" in source:
        return source
    return str(Path(rerun.folder, Path(source).expanduser()).resolve())


def _local_folders(rerun: Rerun) -> list[str]:
    """Folders that a run needs: the photographs', and the one in which the store lies.

    Raises
    ------
    ConfigError
        If one is /, in whose place a container can mount nothing.
    """
    source, root = _source(rerun), rerun.root
    needed = [source, root if "://" in root else str(Path(root).parent)]
    if "/" in needed:
        raise ConfigError(
            "For Kubernetes, photographs and store have to lie in a folder below /, which is then "
            f"mounted; ingest.source is {source}, --root is {root}. Name deeper ones, e.g. --root "
            "/data/faces."
        )
    return [path for path in dict.fromkeys(needed) if "://" not in path]


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
