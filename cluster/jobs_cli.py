"""The commands for jobs and schedules."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cluster.options import Cluster, RootOption, Set, errors, output
from pipeline.cluster_config import chosen_cluster

if TYPE_CHECKING:
    from cluster.cron import Cron
    from pipeline.config import RunConfig

FAILED, NOT_OVER = 1, 6
DAY = 86400.0
STOP_SECONDS = 20.0
"""How long ``zpoints cancel`` waits for the end of a process that publishes nothing any more."""

Id = Annotated[str, typer.Argument(help="The id that zpoints submit has printed.")]
JobRoot = Annotated[
    str | None,
    typer.Option("--root", help="The job's store, where it was not submitted from this account."),
]
Timeout = Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")]

app = typer.Typer()


@app.command()
def submit(
    config: Annotated[str, typer.Argument(help="A YAML file, or the name of a preset.")],
    root: RootOption = None,
    until: Annotated[
        str, typer.Option(help="Last stage: ingest, train, encode, analyze, sample or report.")
    ] = "report",
    set_: Set = None,
    cluster: Cluster = None,
) -> None:
    """Start a run as a job that goes on without this terminal; prints its id."""
    from pipeline.config import STAGES, load_config

    if until not in STAGES:
        raise typer.BadParameter(f"{until} is no stage; one of {', '.join(STAGES)}.")
    settings = load_config(config, [*(set_ or ()), *chosen_cluster(cluster)])

    from cluster.submit import submit as start

    name = Path(config).stem
    job = start(settings, root or settings.root or f"runs/{name}", title=name, until=until)
    output.print(job.id)


@app.command()
def jobs(
    root: Annotated[
        str | None, typer.Argument(help="The store; all that you have submitted to if left out.")
    ] = None,
) -> None:
    """List the jobs of a store: state, stage and progress, or how they ended."""
    from cluster.jobs import Jobs
    from cluster.known_roots import known_roots
    from cluster.tables import job_table
    from storage import StoreError, StoreNotFoundError, open_store

    sightings = []
    for place in [root] if root else known_roots():
        try:
            found = open_store(place).root
        except StoreNotFoundError:
            if root:
                raise
            continue  # a store that was removed since
        except StoreError as error:
            if root:
                raise
            errors.print(f"zpoints: {error}", style="red", soft_wrap=True)
            continue
        sightings += [(found, sighting) for sighting in Jobs(found).all()]
    output.print(job_table(sightings, several=root is None))


@app.command()
def logs(
    id_: Id,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the job is over.")
    ] = False,
    root: JobRoot = None,
    timeout: Timeout = DAY,
) -> None:
    """Print what a job has printed."""
    from cluster.job_log import JobLog
    from cluster.jobs import Jobs

    where = _root_of(id_, root)
    log, known, shown = JobLog(where, id_), Jobs(where), 0
    known.read(id_)
    limit = time.monotonic() + timeout
    while True:
        over = known.sight(id_).over
        text = log.read(shown)
        shown += len(text)
        sys.stdout.buffer.write(text)
        sys.stdout.flush()
        if over or not follow:
            return
        if time.monotonic() > limit:
            errors.print(f"zpoints: job {id_} is not over after {timeout:,.0f} s.", style="red")
            raise typer.Exit(NOT_OVER)
        time.sleep(1)


@app.command()
def cancel(id_: Id, root: JobRoot = None) -> None:
    """End a job; when this returns, it publishes nothing more."""
    from cluster.cancel import WaitedError, wait
    from cluster.cancel import cancel as end

    where = _root_of(id_, root)
    end(where, id_)
    try:
        wait(where, id_, seconds=STOP_SECONDS)
        output.print(f"{id_} is cancelled.")
    except WaitedError:
        output.print(f"{id_} is cancelled and publishes nothing more; its process is still ending.")


@app.command()
def wait(id_: Id, root: JobRoot = None, timeout: Timeout = DAY) -> None:
    """Wait until a job is over; exit code 0 if it is done, 1 if not, 6 if it still goes on."""
    from cluster.cancel import WaitedError
    from cluster.cancel import wait as wait_for

    try:
        found = wait_for(_root_of(id_, root), id_, seconds=timeout)
    except WaitedError as error:
        errors.print(f"zpoints: {error}", style="red", soft_wrap=True)
        raise typer.Exit(NOT_OVER) from error
    output.print(f"{id_} {found.state}" + (f": {found.note}" if found.note else ""), soft_wrap=True)
    if found.state != "done":
        raise typer.Exit(FAILED)


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

    from cluster.cron import Cron
    from pipeline.config import load_config

    times = Cron.parse(cron)
    overrides = [*(set_ or ()), *chosen_cluster(cluster)]
    settings = load_config(config, overrides)
    name = Path(config).stem
    where = root or settings.root or f"runs/{name}"
    if print_ is not None:
        _print_unit(print_, config, settings, where, overrides, times)
        return

    from cluster.console import console_for
    from cluster.ledger import Ledger
    from cluster.schedule import Schedule
    from storage import open_repository

    ledger = Ledger(open_repository(where).root, name)
    keeper = Schedule(lambda: load_config(config, overrides), ledger, times.trigger(), times.text)
    keeper.keep(console_for(output))


def _print_unit(
    kind: str, config: str, settings: "RunConfig", root: str, overrides: list[str], times: "Cron"
) -> None:
    from cluster.units import UNITS, Rerun
    from storage.location import Location

    if kind not in UNITS:
        raise typer.BadParameter(f"--print {kind}: expected one of {', '.join(UNITS)}.")
    place = Location.of(root).root
    file = str(Path(config).resolve()) if Path(config).is_file() else config
    changes = [word for text in overrides for word in ("--set", text)]
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
    from cluster.known_roots import known_roots
    from cluster.ledger import ledgers
    from cluster.tables import schedule_tables
    from storage import open_store

    healthy = True
    for place in [root] if root else known_roots():
        for ledger in ledgers(open_store(place).root):
            health, lines = ledger.health(), ledger.lines()
            for table in schedule_tables(ledger, health, lines):
                output.print(table)
            healthy &= health is not None and health.seen != "lost"
            healthy &= not lines or lines[-1].state != "failed"
    if not healthy:
        raise typer.Exit(FAILED)


def _root_of(id_: str, root: str | None) -> str:
    from cluster.known_roots import root_of
    from storage.location import Location

    return root_of(id_) if root is None else Location.of(root).root
