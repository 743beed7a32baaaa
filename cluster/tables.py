"""Results as tables on the terminal."""

from collections.abc import Iterable, Sequence

from rich.table import Table

from cluster.run import Prospect, RunResult
from storage import Version

RIGHT = ("rows", "time", "seconds")


def outcome_table(result: RunResult) -> Table:
    """What became of each step."""
    table = _table("stage", "result", "rows", "time")
    for outcome in result.outcomes:
        rows = "" if outcome.rows is None else f"{outcome.rows:,}"
        seconds = "up to date" if outcome.seconds is None else f"{outcome.seconds:.1f} s"
        table.add_row(outcome.stage, outcome.target, rows, seconds)
    return table


def plan_table(prospects: Sequence[Prospect]) -> Table:
    """What a run would do, and why."""
    table = _table("stage", "result", "would", "because")
    for prospect in prospects:
        would = "run" if prospect.reason else "skip"
        table.add_row(prospect.stage, prospect.target, would, prospect.reason or "up to date")
    return table


def history_table(versions: Iterable[Version], *, verbose: bool) -> Table:
    """The versions of a store; verbose adds what they were made with."""
    table = _table("version", "time (UTC)", "group", "rows", "seconds")
    if verbose:
        for name in ("fingerprint", "seed", "host", "made with"):
            table.add_column(name, overflow="fold")
    for version in versions:
        facts = version.metadata
        row = [
            version.id,
            f"{version.time:%Y-%m-%d %H:%M:%S}",
            str(facts.get("group", version.message)),
            f"{facts['rows']:,}" if "rows" in facts else "",
            f"{facts['duration']:.1f}" if "duration" in facts else "",
        ]
        if verbose:
            seed, versions_of = facts.get("seed"), facts.get("versions", {})
            row += [str(facts.get("fingerprint", "")), "" if seed is None else str(seed)]
            row += [facts["host"]]
            row += [", ".join(f"{name} {number}" for name, number in versions_of.items())]
        table.add_row(*row)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold", justify="right" if name in RIGHT else "left")
    return table
