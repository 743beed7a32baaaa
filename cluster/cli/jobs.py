"""Commands for jobs."""

import codecs
import json
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zpoints.cluster.cli.exit_codes import FAILED, NOT_OVER
from zpoints.cluster.cli.options import (
    Cluster,
    ConfigArgument,
    Json,
    RootOption,
    Set,
    Strict,
    Until,
    check_stage,
    errors,
    named_stores,
    output,
    overrides,
    run_name,
    run_root,
)
from zpoints.cluster.run_ids import short
from zpoints.cluster.terminal import console_for
from zpoints.pipeline.config.cluster import LONGEST_WAIT
from zpoints.pipeline.stage_order import STAGES
from zpoints.storage.text import printable

if TYPE_CHECKING:
    from zpoints.cluster.jobs.job import Job
    from zpoints.cluster.jobs.record import JobStatus

DAY = 86400.0
STOP_SECONDS = 20.0
"""How long ``zpoints cancel`` waits for a cancelled process to end."""

Id = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="Id of the job, as zpoints jobs lists it, or its beginning or end."
    ),
]
JobRoot = Annotated[
    str | None,
    typer.Option("--root", help="Store of the job, if another account submitted it."),
]


def _limited(seconds: float) -> float:
    if not 0 <= seconds <= LONGEST_WAIT:  # NaN fails it, too
        raise typer.BadParameter(f"expected 0 to {LONGEST_WAIT:,} seconds, got {seconds:g}.")
    return seconds


Timeout = Annotated[
    float, typer.Option("--timeout", callback=_limited, help="Longest time to wait, in s.")
]

app = typer.Typer()


@app.command()
def submit(
    config: ConfigArgument,
    root: RootOption = None,
    until: Until = STAGES[-1],
    set_: Set = None,
    cluster: Cluster = None,
    strict: Strict = False,
) -> None:
    """Start a run as a job, which outlives this terminal; print the job's id."""
    from zpoints.pipeline.config.run import load_config

    check_stage(until)
    settings = load_config(config, overrides(set_, cluster, strict))

    from zpoints.cluster.jobs.submit import check_source
    from zpoints.cluster.jobs.submit import submit as submit_job

    where = run_root(root, config, settings.root)
    check_source(settings)
    if settings.cluster.kind != "address":  # otherwise photographs may be where the workers are
        from zpoints.pipeline.config.existing import require_origin

        require_origin(settings)
    from zpoints.cluster.run_plan import check_job  # torch and Dask take seconds to load

    name, console = run_name(config), console_for(errors, timed=False)
    check_job(settings, where, console=console, until=until, title=name)
    job = submit_job(settings, where, title=name, until=until)
    output.print(job.id)
    _suggest(f"zpoints logs {short(job.id)} --follow")


@app.command()
def jobs(
    root: Annotated[
        str | None,
        typer.Argument(help="Store. Default: all stores that you have submitted jobs to."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List jobs with their state, stage and progress."""
    from zpoints.cluster.cli.tables import job_facts, job_table
    from zpoints.cluster.jobs.record import Jobs

    stores = named_stores(root)
    statuses = [(store, status) for store in stores for status in Jobs(store).all()]
    if as_json:
        print(json.dumps(job_facts(statuses), indent=2))  # noqa: T201
    elif not statuses:
        where = root or "any store that you have submitted jobs to"
        errors.print(f"No jobs in {where}; zpoints submit CONFIG starts one.")
    else:
        output.print(job_table(statuses, several=len(stores) > 1))
        _suggest(_after_listing([status for _, status in statuses]))


@app.command()
def logs(
    id_: Id,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep printing until the job has ended.")
    ] = False,
    root: JobRoot = None,
    timeout: Timeout = DAY,
) -> None:
    """Print the output of a job."""
    from zpoints.cluster.jobs.known_roots import find_job
    from zpoints.cluster.jobs.log import JobLog
    from zpoints.cluster.jobs.record import Jobs

    where, id_ = find_job(id_, root)
    log, known, shown = JobLog(where, id_), Jobs(where), 0
    text_of = codecs.getincrementaldecoder("utf-8")("replace").decode
    limit = time.monotonic() + timeout
    while True:
        status = known.status(id_)
        content = log.read(shown)
        shown += len(content)
        _write(text_of(content))
        if status.over:
            _write(text_of(_rest(status.job, shown), final=True))
        if status.over or not follow:
            return
        if time.monotonic() > limit:
            errors.print(
                f"zpoints: job {id_} has not ended after {timeout:,.0f} s; a longer --timeout "
                "follows it on.",
                style="red",
                soft_wrap=True,
            )
            raise typer.Exit(NOT_OVER)
        time.sleep(1)


@app.command()
def cancel(id_: Id, root: JobRoot = None) -> None:
    """Cancel a job; it then publishes nothing more.

    Exit codes: 0 the job is cancelled, 1 it could not be, or its Slurm job may still be queued.
    """
    from zpoints.cluster.jobs.cancel import StillQueuedError
    from zpoints.cluster.jobs.cancel import cancel as cancel_job
    from zpoints.cluster.jobs.known_roots import find_job
    from zpoints.cluster.jobs.wait import WaitedError
    from zpoints.cluster.jobs.wait import wait as wait_for

    where, id_ = find_job(id_, root)
    try:
        cancel_job(where, id_)
        wait_for(where, id_, seconds=STOP_SECONDS)
        output.print(f"{id_} is cancelled.")
        _suggest("zpoints submit with the same options, which continues where it ended")
    except StillQueuedError as error:
        errors.print(f"zpoints: {id_} is cancelled. {error}", style="red", soft_wrap=True)
        raise typer.Exit(FAILED) from error
    except WaitedError:
        output.print(f"{id_} is cancelled and publishes nothing more; its process is still ending.")


@app.command()
def wait(id_: Id, root: JobRoot = None, timeout: Timeout = DAY) -> None:
    """Wait until a job has ended.

    Exit codes: 0 the job is done, 1 it is not, 6 it has not ended in time.
    """
    from zpoints.cluster.jobs.known_roots import find_job
    from zpoints.cluster.jobs.wait import WaitedError
    from zpoints.cluster.jobs.wait import wait as wait_for
    from zpoints.storage.text import printed

    try:
        where, id_ = find_job(id_, root)
        status = wait_for(where, id_, seconds=timeout)
    except WaitedError as error:
        errors.print(f"zpoints: {error}", style="red", soft_wrap=True)
        raise typer.Exit(NOT_OVER) from error
    reason = f": {status.note}" if status.note else ""
    output.print(f"{id_} {status.state}{reason}", soft_wrap=True)
    if status.state == "done":
        _suggest(shlex.join(["zpoints", "explore", printed(where)]))
    else:
        _suggest(f"zpoints logs {short(id_)}")
        raise typer.Exit(FAILED)


def _write(text: str) -> None:
    print(printable(text), end="", flush=True)  # noqa: T201


def _rest(job: "Job", shown: int) -> bytes:
    """The output that the process of an ended job could not save in the store."""
    from zpoints.cluster.jobs.log import unsaved_output

    rest = unsaved_output(Path(job.output), shown)
    if rest is None and not shown and job.output:
        errors.print(
            f"zpoints: no output of job {job.id} has reached its store. Look at {job.output} on "
            f"{job.host}.",
            style="red",
            soft_wrap=True,
        )
    return rest or b""


def _suggest(command: str) -> None:
    """Print the next command, for people: not into pipes and logs."""
    if command and errors.is_terminal:
        errors.print(f"Next: {command}", soft_wrap=True)


def _after_listing(statuses: "Sequence[JobStatus]") -> str:
    """The command to try after a list: about the job that failed or runs last."""
    for status in reversed(statuses):
        if status.state in ("failed", "lost"):
            return f"zpoints logs {short(status.job.id)}"
        if not status.over:
            return f"zpoints logs {short(status.job.id)} --follow"
    return ""
