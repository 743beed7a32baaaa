"""Options that several commands share, and the consoles they print to."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from zpoints.cluster.cli.shell.completion import (
    complete_cluster,
    complete_preset,
    complete_setting,
    complete_stage,
    complete_version,
)
from zpoints.cluster.terminal import PlainConsole
from zpoints.pipeline.config.cluster import Kind, scheduler_address
from zpoints.pipeline.config.plain_yaml import plain_values
from zpoints.pipeline.config.preset_files import preset_names
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.stage_order import STAGES
from zpoints.storage.backend.buckets.schemes import PLACES
from zpoints.storage.errors import did_you_mean, instead, nearest

# A file or a pipe has no terminal width to fit into; a closed output is None.
WIDTH = None if sys.stdout is not None and sys.stdout.isatty() else 160
output = PlainConsole(width=WIDTH)
errors = PlainConsole(stderr=True)

ConfigArgument = Annotated[
    str,
    typer.Argument(
        metavar="CONFIG",
        autocompletion=complete_preset,
        help=f"YAML file, or a preset: {', '.join(preset_names())}. "
        "zpoints config PRESET > my.yaml writes a file to change.",
    ),
]
Root = Annotated[str, typer.Argument(metavar="ROOT", help=f"Store: {PLACES}.")]
RootOption = Annotated[
    str | None,
    typer.Option("--root", help=f"Store: {PLACES}. Default: runs/NAME."),
]
VERSION = "latest, previous, a date, or an id of zpoints history or its beginning"
"""How a version is written; see `zpoints.storage.versions`."""
Version = Annotated[
    str | None,
    typer.Option(
        "--version",
        autocompletion=complete_version,
        help=f"Version: {VERSION}. Default: latest.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        autocompletion=complete_setting,
        help="Override one setting, e.g. train.epochs=30; repeatable.",
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        autocompletion=complete_cluster,
        help="Where to compute: local, slurm, pbs, lsf, or tls://HOST:PORT.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only print what would run, and why.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print JSON on standard output, with stable keys.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Fail if a photograph is unreadable; do not quarantine it.")
]
Until = Annotated[
    str,
    typer.Option(
        "--until",
        metavar="STAGE",
        autocompletion=complete_stage,
        help=f"Last stage: {', '.join(STAGES)}.",
    ),
]


def check_stage(until: str) -> None:
    """Refuse an unknown stage.

    Raises
    ------
    typer.BadParameter
        If ``until`` is not one of ``STAGES``.
    """
    if until not in STAGES:
        raise typer.BadParameter(f"unknown stage {until!r}; {instead(until, STAGES)}.")


def check_json(as_json: bool, dry_run: bool) -> None:
    """Refuse ``--json`` for a run, whose results are in the store.

    Raises
    ------
    typer.BadParameter
        If it is given without ``--dry-run``.
    """
    if as_json and not dry_run:
        raise typer.BadParameter(
            "--json describes what would run; add --dry-run. zpoints history ROOT --json lists "
            "what runs have made."
        )


def cluster_overrides(cluster: str | None) -> list[str]:
    """Settings for the value of ``--cluster``: a kind of cluster, an address, or None.

    Raises
    ------
    ConfigError
        If the value is invalid.

    Examples
    --------
    >>> cluster_overrides("slurm")
    ['cluster.kind=slurm']
    >>> cluster_overrides("tls://head:8786")
    ['cluster.kind=address', 'cluster.address=tls://head:8786']
    """
    if cluster is None:
        return []
    if cluster in get_args(Kind):
        return [f"cluster.kind={cluster}"]
    try:
        return ["cluster.kind=address", f"cluster.address={scheduler_address(cluster)}"]
    except ValueError as error:
        raise ConfigError(
            f"--cluster {cluster}: expected local (this machine), slurm, pbs or lsf (jobs of a "
            "batch system), tls://HOST:PORT (an existing Dask scheduler; tcp://HOST:PORT if it "
            "has no TLS), or address (the scheduler in cluster.address)."
            f"{did_you_mean(cluster, get_args(Kind))}"
        ) from error


def overrides(set_: Sequence[str] | None, cluster: str | None, strict: bool) -> list[str]:
    """Settings for the values of three options, the later ones taking precedence.

    Parameters
    ----------
    set_
        Values of ``--set``.
    cluster
        Value of ``--cluster``.
    strict
        Whether ``--strict`` was given.

    Returns
    -------
    list of str
        Settings such as ``train.epochs=9``.

    Raises
    ------
    ConfigError
        If the value of ``--cluster`` is invalid.
    """
    return [
        *(set_ or ()),
        *cluster_overrides(cluster),
        *(["source.strict=true"] if strict else ()),
    ]


def demo_overrides(set_: Sequence[str] | None) -> list[str]:
    """Settings for the demo, which draws its own photographs.

    Raises
    ------
    ConfigError
        If one of them names other photographs or vectors.
    """
    for text in set_ or ():
        key = text.partition("=")[0].strip()
        if key in ("ingest.source", "ingest.vectors"):
            raise ConfigError(
                f"--set {text}: the demo draws its own photographs. Use zpoints run demo --set "
                f"{text}, or --faces FOLDER for where to draw them."
            )
    return list(set_ or ())


def report_overrides(set_: Sequence[str] | None) -> list[str]:
    """Settings for writing a report alone.

    Raises
    ------
    ConfigError
        If one of them is of another section, which a report does not read.

    Examples
    --------
    >>> report_overrides(["report.faces=40"])
    ['report.faces=40']
    """
    for text in set_ or ():
        section, _, name = text.partition("=")[0].strip().rpartition(".")
        if section == "report":
            continue
        from zpoints.pipeline.report.config import ReportConfig  # not needed by help texts

        alike = nearest(name, ReportConfig.model_fields) or ["faces"]
        raise ConfigError(
            f"--set {text}: not a setting of the report. Expected report.KEY=VALUE, e.g. "
            f"report.{alike[0]}=...; zpoints config lists them, and zpoints run takes the others."
        )
    return list(set_ or ())


def sweep_overrides(generator: str | None, grid: Sequence[str] | None) -> list[str]:
    """Settings for the generator and the parameters of a sweep.

    A generator starts without the parameters and the grid of the configuration, which may be those
    of another one.

    Parameters
    ----------
    generator
        Value of ``--generator``.
    grid
        Values of ``--grid``, which replace the grid of the configuration.

    Raises
    ------
    ConfigError
        If a value of ``--grid`` is not a name with values.

    Examples
    --------
    >>> sweep_overrides("uniform", ["b=1.5,12"])
    ['sweep.generator=uniform', 'sweep.parameters={}', 'sweep.grid={"b": [1.5, 12]}']
    """
    found: dict[str, Any] = {}
    for text in grid or ():
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not name or not values:
            raise ConfigError(f"--grid {text}: expected NAME=VALUE,VALUE, e.g. fact=0.6,0.8.")
        if name in found:
            raise ConfigError(f"--grid {text}: {name} is there twice; list all its values in one.")
        found[name] = plain_values(f"[{values}]", f"--grid {name}")
    chosen = [] if generator is None else [f"sweep.generator={generator}", "sweep.parameters={}"]
    if found or chosen:
        chosen.append(f"sweep.grid={json.dumps(found or None)}")
    return chosen


def named_stores(root: str | None) -> list[str]:
    """The named store, or all existing stores that this account has submitted jobs to.

    Raises
    ------
    StoreError
        If the named store cannot be opened. Others are skipped with a message.
    """
    from zpoints.cluster.jobs.known_roots import known_roots
    from zpoints.storage import StoreError, StoreNotFoundError, open_store

    if root:
        return [open_store(root).root]
    found = []
    for known in known_roots():
        try:
            found.append(open_store(known).root)
        except StoreNotFoundError:
            continue  # removed since
        except StoreError as error:
            errors.print(f"zpoints: {error}", style="red", soft_wrap=True)
    return found


def run_name(config: str) -> str:
    """Name of a run: the preset's, or that of the YAML file without its suffix."""
    return Path(config).stem


def run_root(root: str | None, config: str, configured: str | None) -> str:
    """Root of a run's store.

    Parameters
    ----------
    root
        Value of ``--root``.
    config
        YAML file or name of a preset.
    configured
        The setting ``root``.

    Returns
    -------
    str
        The first that is set of ``root``, ``configured`` and ``runs/NAME``.
    """
    return root or configured or f"runs/{run_name(config)}"
