"""Groups the versions of a store by the run that published them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from zpoints.storage.errors import StoreNotFoundError, VersionError
from zpoints.storage.text import abbreviated_by, one_line
from zpoints.storage.versions import SHOWN, Version

PAUSE = timedelta(seconds=60)
"""Longest pause within a run, for versions that name none: those written by earlier zpoints."""

LONGEST = 1e9
"""Seconds that a stage may have taken; more is damage."""


@dataclass(frozen=True, kw_only=True)
class RunEntry:
    """The versions that one run has published, or one rollback.

    Attributes
    ----------
    id
        Id of the run, which is that of its job if it was one.
    title
        Name of its configuration; empty where it is unknown.
    versions
        What it has published, newest first; at least one.
    """

    id: str
    title: str
    versions: tuple[Version, ...]

    @property
    def began(self) -> datetime:
        """When the first of its stages began, UTC."""
        return began(self.versions[-1])

    @property
    def ended(self) -> datetime:
        """When its last version was published, UTC."""
        return self.versions[0].time

    @property
    def seconds(self) -> float:
        """Time between the two."""
        return (self.ended - self.began).total_seconds()

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that it has made, in order."""
        return tuple(group_of(version) for version in reversed(self.versions))


def runs_of(versions: Sequence[Version]) -> list[RunEntry]:
    """The runs behind versions, newest first.

    Versions that name no run are of one run if it made a pause of at most a minute between them.

    Parameters
    ----------
    versions
        As `Store.history` lists them, newest first.
    """
    return [_entry(group) for group in _grouped(versions)]


def chosen_run(runs: Sequence[RunEntry], id_: str, root: str) -> RunEntry:
    """The run with an id, or with the beginning or the end of one.

    Parameters
    ----------
    runs
        The runs of a store.
    id_
        An id, its beginning or its end.
    root
        Root of the store, for messages.

    Raises
    ------
    StoreNotFoundError
        If there is none.
    VersionError
        If there are several.
    """
    meant = abbreviated_by(id_, (run.id for run in runs))
    found = [run for run in runs if run.id in meant]
    if not found:
        raise StoreNotFoundError(
            f"The history of {root} has no run {one_line(id_) or '(empty)'}. Expected an id of "
            f"`zpoints history {root}`, or its beginning or end."
        )
    if len(found) > 1:
        ids = ", ".join(run.id for run in found[:SHOWN]) + (", ..." if len(found) > SHOWN else "")
        raise VersionError(
            f"{len(found)} runs of {root} begin or end with {id_}: {ids}. Add characters."
        )
    return found[0]


def group_of(version: Version) -> str:
    """The group that a version brought; its message if it brought none."""
    return one_line(str(version.metadata.get("group", version.message)))


def began(version: Version) -> datetime:
    """When the work on a version began, UTC; when it was published if that is unknown."""
    took = version.metadata.get("duration")
    if isinstance(took, int | float) and 0 <= took < LONGEST:
        return version.time - timedelta(seconds=took)
    return version.time


def _grouped(versions: Sequence[Version]) -> Iterator[list[Version]]:
    """Versions by their run; runs do not overlap, since one at a time works on a store."""
    group: list[Version] = []
    for version in versions:
        if group and not _same_run(version, group[-1]):
            yield group
            group = []
        group.append(version)
    if group:
        yield group


def _same_run(earlier: Version, later: Version) -> bool:
    if earlier.stage == "rollback" or later.stage == "rollback":
        return False
    runs = _text(earlier.metadata, "run"), _text(later.metadata, "run")
    if any(runs):
        return runs[0] == runs[1]
    hosts = earlier.metadata.get("host"), later.metadata.get("host")
    return hosts[0] == hosts[1] and began(later) - earlier.time <= PAUSE


def _entry(versions: list[Version]) -> RunEntry:
    facts = versions[0].metadata
    digits = sha256(versions[-1].id.encode()).hexdigest()[:4]
    made = f"{began(versions[-1]):%Y%m%d-%H%M%S}-{digits}"
    return RunEntry(
        id=_text(facts, "run") or made,
        title=_text(facts, "title"),
        versions=tuple(versions),
    )


def _text(facts: Mapping[str, Any], name: str) -> str:
    found = facts.get(name)
    return one_line(found) if isinstance(found, str) else ""
