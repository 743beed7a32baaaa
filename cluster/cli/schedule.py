"""The command for schedules."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zpoints.cluster.cli.exit_codes import FAILED
from zpoints.cluster.cli.options import (
    Cluster,
    RootOption,
    Set,
    Strict,
    errors,
    named_stores,
    output,
    overrides,
    run_name,
    run_root,
)
from zpoints.cluster.signals import Interrupted
from zpoints.cluster.terminal import console_for, replace_unencodable
from zpoints.storage.errors import instead

if TYPE_CHECKING:
    from zpoints.cluster.schedule.cron import Cron
    from zpoints.pipeline.config.run import RunConfig

app = typer.Typer()


@app.command()
def schedule(
    config: Annotated[
        str | None,
        typer.Argument(
            metavar="CONFIG", help="YAML file or name of a preset; with --status, a store."
        ),
    ] = None,
    cron: Annotated[
        str | None,
        typer.Option(metavar="TIMES", help='Times in cron\'s notation, e.g. "0 3 * * *".'),
    ] = None,
    root: RootOption = None,
    set_: Set = None,
    cluster: Cluster = None,
    strict: Strict = False,
    print_: Annotated[
        str | None,
        typer.Option(
            "--print", metavar="KIND", help="Print a unit for systemd, cron, slurm or kubernetes."
        ),
    ] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Show the health and the runs of schedules.")
    ] = False,
) -> None:
    """Repeat a run at set times.

    The command keeps running and starts a job each time. With --print, it prints a unit for
    another scheduler instead.
    """
    if status:
        _status(config or root)
        return
    if config is None or cron is None:
        raise _missing(config, cron)
    if print_ is not None:
        _check_kind(print_)

    from zpoints.cluster.jobs.submit import check_source
    from zpoints.cluster.schedule.cron import Cron
    from zpoints.pipeline.config.run import load_config

    times = Cron.parse(cron)
    changes = overrides(set_, cluster, strict)
    settings = load_config(config, changes)
    check_source(settings)
    where = run_root(root, config, settings.root)
    if print_ is not None:
        _print_unit(print_, config, settings, where, changes, times)
    else:
        _run_schedule(config, changes, where, times)


def _run_schedule(config: str, changes: list[str], root: str, times: "Cron") -> None:
    from zpoints.cluster.jobs.known_roots import remember
    from zpoints.cluster.schedule.daemon import Schedule
    from zpoints.cluster.schedule.ledger import Ledger
    from zpoints.pipeline.config.run import load_config
    from zpoints.storage import open_repository

    ledger = Ledger(open_repository(root).root, run_name(config))
    remember(ledger.root)
    repeated = Schedule(lambda: load_config(config, changes), ledger, times.trigger(), times.text)
    try:
        repeated.run(console_for(output))
    except Interrupted as stop:
        raise Interrupted(stop.code, repeated.outcome()) from stop


def _missing(config: str | None, cron: str | None) -> typer.BadParameter:
    what = "the argument CONFIG" if config is None else "the option --cron"
    return typer.BadParameter(
        f"{what} is missing; expected e.g. zpoints schedule {config or 'my.yaml'} "
        f'--cron "{cron or "0 3 * * *"}".'
    )


def _check_kind(kind: str) -> None:
    from zpoints.cluster.schedule.printed_units import UNITS

    if kind not in UNITS:
        raise typer.BadParameter(f"unknown unit {kind!r}; {instead(kind, UNITS)}.")


def _print_unit(
    kind: str, config: str, settings: "RunConfig", root: str, changes: list[str], times: "Cron"
) -> None:
    from zpoints.cluster.schedule.printed_units import UNITS, Rerun
    from zpoints.storage.backend.location import Location

    store = Location.of(root)
    absolute = str(Path(store.root).resolve()) if store.is_local else store.root
    file = str(Path(config).resolve()) if Path(config).is_file() else config
    options = [word for change in changes for word in ("--set", change)]
    rerun = Rerun(
        name=run_name(config),
        config=settings,
        root=absolute,
        program=str(Path(sys.executable).with_name("zpoints")),
        arguments=["run", file, "--root", absolute, *options],
        folder=str(Path.cwd()),
        cron=times,
    )
    unit = UNITS[kind](rerun)
    replace_unencodable(encoding="utf-8")  # the encoding of units, whatever the terminal's
    print(unit, end="")  # noqa: T201


def _status(root: str | None) -> None:
    from zpoints.cluster.cli.tables import schedule_tables
    from zpoints.cluster.schedule.ledger import is_well, ledgers
    from zpoints.storage.errors import ObjectStoreError, StoreError

    found = [ledger for store in named_stores(root) for ledger in ledgers(store)]
    if not found:
        where = root or "any store that you have used"
        errors.print(
            f"zpoints: no schedule in {where}; zpoints schedule CONFIG --cron TIMES starts one."
        )
    well = True
    for ledger in found:
        try:
            health, runs, faults = ledger.health(), ledger.runs(), ledger.faults()
        except ObjectStoreError:  # the server does not answer
            raise
        except StoreError as error:
            output.print(f"{ledger.root}:\ndamaged: {error}", soft_wrap=True)
            well = False
            continue
        output.print(f"{ledger.root}:", soft_wrap=True)
        for table in schedule_tables(ledger, health, runs):
            output.print(table)
        for fault in faults:
            output.print(f"damaged: {fault}", soft_wrap=True)
        well &= is_well(health, runs) and not faults
    if not well:
        raise typer.Exit(FAILED)
