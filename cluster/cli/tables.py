"""Formats runs, versions, jobs and schedules: as tables for the terminal, or as plain facts."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.table import Table

from zpoints.cluster.jobs.record import JobStatus, utc
from zpoints.cluster.run_ids import short
from zpoints.cluster.schedule.ledger import Health, Ledger, RunRecord
from zpoints.pipeline.progress import folded
from zpoints.storage.text import one_line, printed

if TYPE_CHECKING:  # these load Dask, for which lists of jobs should not wait
    from zpoints.pipeline.plan import Planned
    from zpoints.storage import Version
    from zpoints.storage.run_history import RunEntry

RIGHT = ("rows", "took", "seconds")
UNBROKEN = ("job", "state", "took", "run", "version", "ended (UTC)", "began (UTC)", "next (UTC)")
"""Columns whose cells are never wrapped, so that users can copy from them."""
FOLLOWS = "made from new results"
MINUTES = len("2026-11-30 03:00")
"""Length of a time in a column, without seconds and zone."""
RUNS_SHOWN = 20
"""Number of runs in the status of a schedule, the last ones."""
VERSION_SHOWN = 8
"""Characters of a version in a row, which commands take as its beginning."""


def plan_table(planned: Sequence["Planned"]) -> Table:
    """Results that a run would make, and why; those in a row with one reason share a line."""
    table = _table("result", "because")
    made = [item for item in planned if item.reason]
    for reason, items in groupby(made, lambda item: FOLLOWS if item.follows else item.reason):
        table.add_row(folded([item.name for item in items]), reason)
    return table


def plan_facts(root: str, planned: Sequence["Planned"]) -> dict[str, Any]:
    """What a run would make, as JSON has it.

    Keys: ``root``; ``up_to_date`` and ``to_run``, numbers of results; ``results``, each with
    ``stage``, ``result`` (the group, or the place of the report), ``run`` and ``reason``, which is
    empty if the result is up to date.
    """
    results = [
        {"stage": p.stage, "result": p.target, "run": bool(p.reason), "reason": p.reason}
        for p in planned
    ]
    made = sum(bool(item.reason) for item in planned)
    return {
        "root": root,
        "up_to_date": len(planned) - made,
        "to_run": made,
        "results": results,
    }


def runs_table(runs: Iterable["RunEntry"]) -> Table:
    """One row for each run: what it has made, and the version after it."""
    table = _table("run", "ended (UTC)", "took", "version", "made")
    for run in runs:
        ended, took = f"{run.ended:%Y-%m-%d %H:%M}", _duration(run.seconds)
        version = run.versions[0].id[:VERSION_SHOWN]
        table.add_row(short(run.id), ended, took, version, folded(run.groups))
    return table


def history_facts(root: str, runs: Iterable["RunEntry"]) -> dict[str, Any]:
    """Runs and their versions, newest first, as JSON has them.

    Keys: ``root``; ``runs``, each with ``run`` (its id), ``title``, ``began``, ``ended``,
    ``seconds``, ``version`` (the last) and ``versions``, each with ``version``, ``time``,
    ``stage``, ``group``, ``rows``, ``seconds``, ``seed``, ``fingerprint``, ``host`` and
    ``libraries``. Times are ISO 8601 in UTC; null stands for what is unknown.
    """
    return {"root": root, "runs": [_run_facts(run) for run in runs]}


def _run_facts(run: "RunEntry") -> dict[str, Any]:
    return {
        "run": run.id,
        "title": run.title,
        "began": run.began.isoformat(timespec="seconds"),
        "ended": run.ended.isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
        "version": run.versions[0].id,
        "versions": [_version_facts(version) for version in run.versions],
    }


def _version_facts(version: "Version") -> dict[str, Any]:
    facts = version.metadata
    return finite(
        {
            "version": version.id,
            "time": version.time.isoformat(timespec="seconds"),
            "stage": version.stage,
            "group": facts.get("group"),
            "rows": facts.get("rows"),
            "seconds": facts.get("duration"),
            "seed": facts.get("seed"),
            "fingerprint": facts.get("fingerprint"),
            "host": facts.get("host"),
            "libraries": facts.get("versions"),
        }
    )


def history_table(versions: Iterable["Version"], *, verbose: bool) -> Table:
    """Versions of a store; ``verbose`` adds fingerprint, seed, host and libraries."""
    table = _table("version", "published (UTC)", "group", "rows", "seconds")
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
    """Jobs with their state and progress, under the root of their store if there are several."""
    table = _table("job", "state", "took", "run", "what")
    for root, status in statuses:
        job = status.job
        took = "" if job.began is None else _duration((job.ended or time.time()) - job.began)
        what = status.note or ("" if status.over else job.where)
        where = f"{what}\n{printed(root)}" if several else what
        table.add_row(job.id, status.state, took, job.title, where.strip())
    return table


def job_facts(statuses: Iterable[tuple[str, JobStatus]]) -> dict[str, Any]:
    """Jobs, the newest last, as JSON has them.

    Keys: ``jobs``, each with ``job`` (its id), ``root``, ``state``, ``note`` (progress, or how it
    ended), ``over``, ``title``, ``until``, ``submitted``, ``began``, ``ended``, ``seconds`` and
    ``where``. Times are ISO 8601 in UTC; null stands for what has not happened yet.
    """
    return {"jobs": [_job_facts(root, status) for root, status in statuses]}


def _job_facts(root: str, status: JobStatus) -> dict[str, Any]:
    job = status.job
    took = None if job.began is None else round((job.ended or time.time()) - job.began, 1)
    return {
        "job": job.id,
        "root": root,
        "state": status.state,
        "note": status.note,
        "over": status.over,
        "title": job.title,
        "until": job.until,
        "submitted": _iso(job.submitted),
        "began": _iso(job.began),
        "ended": _iso(job.ended),
        "seconds": took,
        "where": job.where,
    }


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
        times = [when[:MINUTES] for when in (following, utc(health.beat))]
        where = f"process {health.pid} on {health.host}"
        health_table.add_row(one_line(ledger.name), health.seen, health.cron, *times, where)
    runs_table = _table("began (UTC)", "took", "state", "job", "note")
    for run in runs[-RUNS_SHOWN:]:
        began, took = utc(run.began)[:MINUTES], _duration(run.ended - run.began)
        runs_table.add_row(began, took, run.state, short(run.job), run.note)
    return [health_table, runs_table] if runs else [health_table]


def finite(value: Any) -> Any:
    """The value for JSON: NaN and infinity become null, sequences lists."""
    if isinstance(value, Mapping):
        return {str(key): finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _iso(seconds: float | None) -> str | None:
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


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
