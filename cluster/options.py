"""What several commands share: their options, and where they write."""

import sys
from typing import Annotated

import typer
from rich.console import Console as RichConsole

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
