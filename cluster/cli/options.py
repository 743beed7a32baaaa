"""What several commands share: their options, and where they write."""

import sys
from collections.abc import Sequence
from typing import Annotated, get_args

import typer
from rich.console import Console as RichConsole

from zpoints.pipeline.config.cluster import Kind, scheduler_address
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.order import STAGES

# A log or a pipe has no width to fit into.
WIDTH = None if sys.stdout.isatty() else 160
output = RichConsole(markup=False, highlight=False, width=WIDTH)
errors = RichConsole(markup=False, stderr=True)

Root = Annotated[str, typer.Argument(help="Where the store lies: a folder or s3://bucket/prefix.")]
RootOption = Annotated[
    str | None,
    typer.Option("--root", help="Where the store lies; runs/CONFIG's name when left out."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Replace one value; repeatable."),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster", help="Where to compute: local, slurm, pbs, lsf, or tls://HOST:PORT of Dask."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only print what would run, and why.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="An unreadable photograph is an error, not quarantined.")
]
Until = Annotated[str, typer.Option(help=f"Last stage: {', '.join(STAGES)}.")]


def check_stage(until: str) -> None:
    """Refuse what is no stage."""
    if until not in STAGES:
        raise typer.BadParameter(f"{until} is no stage; one of {', '.join(STAGES)}.")


def cluster_overrides(where: str | None) -> list[str]:
    """Overrides for what a user wrote after ``--cluster``: a kind, an address, or nothing.

    Raises
    ------
    ConfigError
        If it is something else.

    Examples
    --------
    >>> cluster_overrides("slurm")
    ['cluster.kind=slurm']
    >>> cluster_overrides("tls://head:8786")
    ['cluster.kind=address', 'cluster.address=tls://head:8786']
    """
    if where is None:
        return []
    if where in get_args(Kind):
        return [f"cluster.kind={where}"]
    try:
        return ["cluster.kind=address", f"cluster.address={scheduler_address(where)}"]
    except ValueError as error:
        raise ConfigError(
            f"--cluster {where}: expected local (this machine), slurm, pbs or lsf (jobs of a batch "
            "system), tls://HOST:PORT (a Dask scheduler that is running; tcp://HOST:PORT if it has "
            "no TLS), or address (the one that cluster.address names)."
        ) from error


def overrides(set_: Sequence[str] | None, cluster: str | None, strict: bool) -> list[str]:
    """What the options --set, --cluster and --strict replace in a configuration."""
    return [
        *(set_ or ()),
        *cluster_overrides(cluster),
        *(["source.strict=true"] if strict else ()),
    ]


def named_stores(root: str | None) -> list[str]:
    """The store that was named, or all that this user has submitted to and that are still there.

    Raises
    ------
    StoreError
        If the one that was named cannot be opened; others are left out with a message.
    """
    from zpoints.cluster.jobs.known_roots import known_roots
    from zpoints.storage import StoreError, StoreNotFoundError, open_store

    if root:
        return [open_store(root).root]
    found = []
    for place in known_roots():
        try:
            found.append(open_store(place).root)
        except StoreNotFoundError:
            continue  # removed since
        except StoreError as error:
            errors.print(f"zpoints: {error}", style="red", soft_wrap=True)
    return found
