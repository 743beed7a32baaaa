"""The command for schedules: keeps one, says how they are, or prints units for others."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zpoints.cluster.cli.options import (
    Cluster,
    RootOption,
    Set,
    Strict,
    errors,
    named_stores,
    output,
    overrides,
)
from zpoints.cluster.signals import Interrupted

if TYPE_CHECKING:
    from zpoints.cluster.schedule.cron import Cron
    from zpoints.pipeline.config.run import RunConfig

FAILED = 1

app = typer.Typer()


@app.command()
def schedule(
    config: Annotated[
        str | None,
        typer.Argument(metavar="CONFIG", help="A YAML file or a preset; with --status a store."),
    ] = None,
    cron: Annotated[
        str | None, typer.Option(metavar="TIMES", help='In cron\'s notation, e.g. "0 3 * * *".')
    ] = None,
    root: RootOption = None,
    set_: Set = None,
    cluster: Cluster = None,
    strict: Strict = False,
    print_: Annotated[
        str | None,
        typer.Option("--print", help="Only print a unit: systemd, cron, slurm or kubernetes."),
    ] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Only say whether schedules live, and their runs.")
    ] = False,
) -> None:
    """Run again at set times, a job each time, while this command runs; or print units for that."""
    if status:
        _status(config or root)
        return
    if config is None or cron is None:
        raise typer.BadParameter('expected CONFIG and --cron, e.g. --cron "0 3 * * *".')

    from zpoints.cluster.jobs.submit import check_source
    from zpoints.cluster.schedule.cron import Cron
    from zpoints.pipeline.config.run import load_config

    times = Cron.parse(cron)
    replaced = overrides(set_, cluster, strict)
    settings = load_config(config, replaced)
    check_source(settings)
    where = root or settings.root or f"runs/{Path(config).stem}"
    if print_ is not None:
        _print_unit(print_, config, settings, where, replaced, times)
    else:
        _keep(config, replaced, where, times)


def _keep(config: str, replaced: list[str], root: str, times: "Cron") -> None:
    from zpoints.cluster.jobs.known_roots import remember
    from zpoints.cluster.schedule.daemon import Schedule
    from zpoints.cluster.schedule.ledger import Ledger
    from zpoints.cluster.terminal import console_for
    from zpoints.pipeline.config.run import load_config
    from zpoints.storage import open_repository

    ledger = Ledger(open_repository(root).root, Path(config).stem)
    remember(ledger.root)
    keeper = Schedule(lambda: load_config(config, replaced), ledger, times.trigger(), times.text)
    try:
        keeper.run(console_for(output))
    except Interrupted as stop:
        raise Interrupted(stop.code, keeper.outcome()) from stop


def _print_unit(
    kind: str, config: str, settings: "RunConfig", root: str, replaced: list[str], times: "Cron"
) -> None:
    from zpoints.cluster.schedule.units import UNITS, Rerun
    from zpoints.storage.backend.location import Location

    if kind not in UNITS:
        raise typer.BadParameter(f"--print {kind}: expected one of {', '.join(UNITS)}.")
    place = Location.of(root).root
    file = str(Path(config).resolve()) if Path(config).is_file() else config
    changes = [word for text in replaced for word in ("--set", text)]
    rerun = Rerun(
        name=Path(config).stem,
        config=settings,
        root=place,
        program=str(Path(sys.executable).with_name("zpoints")),
        arguments=["run", file, "--root", place, *changes],
        folder=str(Path.cwd()),
        cron=times,
    )
    print(UNITS[kind](rerun), end="")  # noqa: T201


def _status(root: str | None) -> None:
    from zpoints.cluster.cli.tables import schedule_tables
    from zpoints.cluster.schedule.ledger import is_well, ledgers

    found = [ledger for place in named_stores(root) for ledger in ledgers(place)]
    if not found:
        where = f"{root} has" if root else "The stores that are known here have"
        errors.print(
            f"zpoints: {where} no schedule; zpoints schedule CONFIG --cron TIMES starts one."
        )
    well = True
    for ledger in found:
        health, lines = ledger.health(), ledger.lines()
        output.print(f"{ledger.root}:", soft_wrap=True)
        for table in schedule_tables(ledger, health, lines):
            output.print(table)
        well &= is_well(health, lines)
    if not well:
        raise typer.Exit(FAILED)
