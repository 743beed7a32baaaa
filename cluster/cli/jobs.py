"""The commands for jobs."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zpoints.cluster.cli.options import (
    Cluster,
    RootOption,
    Set,
    Strict,
    Until,
    check_stage,
    errors,
    named_stores,
    output,
    overrides,
)
from zpoints.pipeline.order import STAGES

if TYPE_CHECKING:
    from zpoints.cluster.jobs.record import Job

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
    until: Until = STAGES[-1],
    set_: Set = None,
    cluster: Cluster = None,
    strict: Strict = False,
) -> None:
    """Start a run as a job that goes on without this terminal; prints its id."""
    from zpoints.pipeline.config.run import load_config

    check_stage(until)
    settings = load_config(config, overrides(set_, cluster, strict))

    from zpoints.cluster.jobs.submit import submit as start

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
    from zpoints.cluster.cli.tables import job_table
    from zpoints.cluster.jobs.record import Jobs

    statuses = [(place, seen) for place in named_stores(root) for seen in Jobs(place).all()]
    output.print(job_table(statuses, several=root is None))


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
    from zpoints.cluster.jobs.log import JobLog
    from zpoints.cluster.jobs.record import Jobs

    where = _root_of(id_, root)
    log, known, shown = JobLog(where, id_), Jobs(where), 0
    known.read(id_)
    limit = time.monotonic() + timeout
    while True:
        found = known.status(id_)
        text = log.read(shown)
        shown += len(text)
        _write(text)
        if found.over:
            _write_rest(found.job, shown)
        if found.over or not follow:
            return
        if time.monotonic() > limit:
            errors.print(f"zpoints: job {id_} is not over after {timeout:,.0f} s.", style="red")
            raise typer.Exit(NOT_OVER)
        time.sleep(1)


@app.command()
def cancel(id_: Id, root: JobRoot = None) -> None:
    """End a job; when this returns, it publishes nothing more."""
    from zpoints.cluster.jobs.cancel import StillQueuedError
    from zpoints.cluster.jobs.cancel import cancel as cancel_job
    from zpoints.cluster.jobs.wait import WaitedError
    from zpoints.cluster.jobs.wait import wait as wait_for

    where = _root_of(id_, root)
    try:
        cancel_job(where, id_)
        wait_for(where, id_, seconds=STOP_SECONDS)
        output.print(f"{id_} is cancelled.")
    except StillQueuedError as error:
        output.print(f"{id_} is cancelled. {error}", soft_wrap=True)
    except WaitedError:
        output.print(f"{id_} is cancelled and publishes nothing more; its process is still ending.")


@app.command()
def wait(id_: Id, root: JobRoot = None, timeout: Timeout = DAY) -> None:
    """Wait until a job is over; exit code 0 if it is done, 1 if not, 6 if it still goes on."""
    from zpoints.cluster.jobs.wait import WaitedError
    from zpoints.cluster.jobs.wait import wait as wait_for

    try:
        found = wait_for(_root_of(id_, root), id_, seconds=timeout)
    except WaitedError as error:
        errors.print(f"zpoints: {error}", style="red", soft_wrap=True)
        raise typer.Exit(NOT_OVER) from error
    output.print(f"{id_} {found.state}" + (f": {found.note}" if found.note else ""), soft_wrap=True)
    if found.state != "done":
        raise typer.Exit(FAILED)


def _write(text: bytes) -> None:
    sys.stdout.buffer.write(text)
    sys.stdout.flush()


def _write_rest(job: "Job", shown: int) -> None:
    """What the process of a job that is over printed, and could not keep in the root any more."""
    from zpoints.cluster.jobs.log import unsaved_output

    rest = unsaved_output(Path(job.output), shown)
    if rest is not None:
        _write(rest)
    elif not shown and job.output:
        errors.print(
            f"zpoints: nothing that job {job.id} printed has reached its store. Look at "
            f"{job.output} on {job.host}.",
            style="red",
            soft_wrap=True,
        )


def _root_of(id_: str, root: str | None) -> str:
    from zpoints.cluster.jobs.known_roots import root_of
    from zpoints.storage.backend.location import Location

    return root_of(id_) if root is None else Location.of(root).root
