"""Prints schedules for other schedulers: systemd, cron, Slurm and Kubernetes."""

import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from zpoints.cluster.jobs.slurm import driver_options
from zpoints.cluster.schedule import quoting
from zpoints.cluster.schedule.cron import Cron
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.errors import ConfigError
from zpoints.storage.backend.local_path import local_path

CLAIM = "zpoints"
"""PersistentVolumeClaim of photographs and store."""
IMAGE = f"zpoints:{version('zpoints')}"
STOP_SECONDS = 90
"""How long a run may take to end after a request; it needs seconds."""
VARIABLES = ".config/zpoints/environment"
"""File of lines NAME=value in the home folder, in a syntax that systemd and shells share."""


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """A run that a unit starts.

    Attributes
    ----------
    name
        Name of the configuration.
    config
        The whole configuration, which names the photographs.
    root
        Root of the store: an absolute path, or a URL of a prefix in a bucket.
    program
        Absolute path of the command ``zpoints``.
    arguments
        Arguments of the command; its paths are absolute.
    folder
        Folder to which relative paths in the configuration refer.
    cron
        Times of the runs.
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
        """Name that every scheduler accepts: at most 52 letters, digits and inner hyphens."""
        return re.sub(r"[^a-z0-9]+", "-", f"zpoints {self.name.lower()}")[:48].strip("-")

    @property
    def command(self) -> Sequence[str]:
        """The program and its arguments."""
        return (self.program, *self.arguments)


def systemd(rerun: Rerun) -> str:
    """A service and its timer, for ``systemctl --user`` or the whole machine."""
    return _rendered("systemd", rerun)


def cron(rerun: Rerun) -> str:
    """A line for ``crontab -e``."""
    return _rendered("crontab", rerun, log=str(Path(rerun.folder, f"{rerun.unit}.log")))


def slurm(rerun: Rerun) -> str:
    """Lines for ``scrontab -e``; Slurm starts no run of a line while the previous one is active."""
    options = [
        f"--job-name={rerun.unit}",
        f"--chdir={rerun.folder}",
        f"--output={rerun.unit}.log",
        "--open-mode=append",
        *driver_options(rerun.config.cluster.jobs),
    ]
    return _rendered("scrontab", rerun, options=options)


def kubernetes(rerun: Rerun) -> str:
    """A CronJob, and a ConfigMap with the whole configuration.

    Raises
    ------
    ConfigError
        If the photographs or the store are directly in ``/``, which no container can mount.
    """
    ingest = rerun.config.ingest.model_copy(update={"source": _source(rerun)})
    settings = rerun.config.model_copy(update={"ingest": ingest}).model_dump(mode="json")
    # Keys of a ConfigMap have few characters and at most 253 of them.
    key = re.sub(r"[^-._a-zA-Z0-9]+", "-", rerun.name)[:200] + ".yaml"
    return _rendered(
        "kubernetes",
        rerun,
        claim=CLAIM,
        image=IMAGE,
        python=platform.python_version().rpartition(".")[0],
        key=key,
        file=f"/etc/zpoints/{key}",
        settings=yaml.safe_dump(settings),
        folders=_local_folders(rerun),
    )


def _source(rerun: Rerun) -> str:
    source = str(rerun.config.ingest.source)
    if "://" in source:
        return source
    return str(Path(rerun.folder, local_path(source)).resolve())


def _local_folders(rerun: Rerun) -> list[str]:
    """Folders that a container mounts: the photographs', and the one that holds the store."""
    source, root = _source(rerun), rerun.root
    needed = [source, root if "://" in root else str(Path(root).parent)]
    if "/" in needed:
        raise ConfigError(
            "Kubernetes cannot mount /; expected photographs and store in folders below /, but "
            f"ingest.source is {source}, --root is {root}. Choose deeper folders, e.g. --root "
            "/data/faces."
        )
    return [path for path in dict.fromkeys(needed) if "://" not in path]


UNITS: Mapping[str, Callable[[Rerun], str]] = {
    "systemd": systemd,
    "cron": cron,
    "slurm": slurm,
    "kubernetes": kubernetes,
}
"""The function that prints the unit for each kind of scheduler."""


def _rendered(template: str, rerun: Rerun, **facts: Any) -> str:
    return (
        _templates()
        .get_template(f"{template}.j2")
        .render(rerun=rerun, variables=VARIABLES, stop_seconds=STOP_SECONDS, **facts)
    )


def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("zpoints.cluster.schedule"),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {
        "cron_text": quoting.cron_text,
        "kubernetes_argument": quoting.kubernetes_argument,
        "kubernetes_path": quoting.kubernetes_path,
        "shell_word": quoting.shell_word,
        "slurm_option": quoting.slurm_option,
        "systemd_program": quoting.systemd_program,
        "systemd_text": quoting.systemd_text,
        "systemd_word": quoting.systemd_word,
        "yaml": quoting.yaml_text,
    }
    return templates
