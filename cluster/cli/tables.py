"""Formats runs, versions, jobs and schedules as tables for the terminal."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from zpoints.cluster.jobs.record import JobStatus, utc
from zpoints.cluster.schedule.ledger import Health, Ledger, RunRecord
from zpoints.storage.text import one_line

if TYPE_CHECKING:  # these load Dask, for which lists of jobs should not wait
    from zpoints.cluster.run import RunResult
    from zpoints.pipeline.plan import Planned
    from zpoints.storage import Version

RIGHT = ("rows", "time", "seconds", "took")
UNBROKEN = ("job", "state", "took")
"""Columns whose cells are never wrapped, so that users can copy from them."""
RUNS_SHOWN = 20
"""Number of runs in the status of a schedule, the last ones."""


def outcome_table(result: "RunResult") -> Table:
    """Result of each step of a run: rows and duration."""
    table = _table("stage", "result", "rows", "time")
    for outcome in result.outcomes:
        rows = "" if outcome.rows is None else f"{outcome.rows:,}"
        seconds = "up to date" if outcome.seconds is None else f"{outcome.seconds:.1f} s"
        table.add_row(outcome.stage, outcome.target, rows, seconds)
    return table


def plan_table(planned: Sequence["Planned"]) -> Table:
    """Steps that a run would do or skip, and why."""
    table = _table("stage", "result", "would", "because")
    for item in planned:
        would = "run" if item.reason else "skip"
        table.add_row(item.stage, item.target, would, item.reason or "up to date")
    return table


def history_table(versions: Iterable["Version"], *, verbose: bool) -> Table:
    """Versions of a store; ``verbose`` adds fingerprint, seed, host and libraries."""
    table = _table("version", "time (UTC)", "group", "rows", "seconds")
    if verbose:
        for name in ("fingerprint", "seed", "host", "made with"):
            table.add_column(name, overflow="fold")
    for version in versions:
        facts = version.metadata
        row = [
            version.id,
            f"{version.time:%Y-%m-%d %H:%M:%S}",
            one_line(str(facts.get("group", version.message))),
            _formatted(facts.get("rows"), ",.0f"),
            _formatted(facts.get("duration"), ".1f"),
        ]
        if verbose:
            seed, versions_of = facts.get("seed"), facts.get("versions")
            libraries = versions_of if isinstance(versions_of, Mapping) else {}
            row += [str(facts.get("fingerprint", "")), "" if seed is None else str(seed)]
            row += [str(facts.get("host", ""))]
            row += [", ".join(f"{name} {libraries[name]}" for name in sorted(libraries))]
        table.add_row(*row)
    return table


def job_table(statuses: Sequence[tuple[str, JobStatus]], *, several: bool) -> Table:
    """Jobs, with the roots of their stores if there are several stores."""
    names = ("job", "state", "what", "run", "took", "where")
    table = _table(*names, *(("store",) if several else ()))
    for root, status in statuses:
        job = status.job
        took = "" if job.began is None else _duration((job.ended or time.time()) - job.began)
        row = [job.id, status.state, status.note, job.title, took, job.where]
        table.add_row(*row, *((root,) if several else ()))
    return table


def schedule_tables(
    ledger: Ledger, health: Health | None, runs: Sequence[RunRecord]
) -> list[Table]:
    """Health of a schedule, and a second table of its last runs if there are any.

    Parameters
    ----------
    ledger
        Ledger of the schedule, which has its name.
    health
        Last heartbeat; None if there never was one.
    runs
        All recorded runs, the newest last.

    Returns
    -------
    list of Table
        One or two tables.
    """
    health_table = _table("schedule", "state", "times", "next (UTC)", "last seen (UTC)", "where")
    if health is not None:
        following = "" if health.following is None else utc(health.following)
        times = [when.removesuffix(" UTC") for when in (following, utc(health.beat))]
        where = f"process {health.pid} on {health.host}"
        health_table.add_row(one_line(ledger.name), health.seen, health.cron, *times, where)
    runs_table = _table("began (UTC)", "took", "state", "job", "note")
    for run in runs[-RUNS_SHOWN:]:
        began, took = utc(run.began).removesuffix(" UTC"), _duration(run.ended - run.began)
        runs_table.add_row(began, took, run.state, run.job, run.note)
    return [health_table, runs_table] if runs else [health_table]


def _formatted(number: object, form: str) -> str:
    """A number of a commit's metadata; empty if it is anything else."""
    return format(number, form) if isinstance(number, int | float) else ""


def _duration(seconds: float) -> str:
    """Seconds as hours, minutes and seconds.

    Examples
    --------
    >>> _duration(3725.4)
    '1:02:05'
    """
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(
            name,
            overflow="fold",
            justify="right" if name in RIGHT else "left",
            no_wrap=name in UNBROKEN,
        )
    return table
