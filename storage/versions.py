"""Lists the published versions of a store and finds the one that is asked for.

A version is written the same everywhere: `latest`; `previous`, the version that the latest was made
from; an id of `zpoints history` or the beginning of one; or a date or time in ISO form, for the
newest version that was published until then.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import icechunk

from zpoints.storage.backend.damage import absent
from zpoints.storage.backend.location import OBJECT_NAME
from zpoints.storage.backend.refs import tags
from zpoints.storage.errors import StoreNotFoundError, VersionError, did_you_mean
from zpoints.storage.text import one_line

DATE = re.compile(r"\d{4}-\d\d-\d\d")
"""How a date or time in ISO form begins; no id does."""
LATEST, PREVIOUS = "latest", "previous"
SHOWN = 3
"""Ids that a message lists."""


@dataclass(frozen=True)
class Version:
    """One published version of a store.

    Attributes
    ----------
    id
        Icechunk's snapshot id.
    time
        When it was published, UTC.
    stage
        The stage that made it.
    message
        One line about the stage's work.
    metadata
        Provenance: stage, fingerprint, revision, versions, seed, rows, duration in seconds, host.
    """

    id: str
    time: datetime
    stage: str
    message: str
    metadata: Mapping[str, Any]


def published(root: str, repository: icechunk.Repository) -> list[Version]:
    """All published versions, newest first, including those that a rollback took off `main`.

    Parameters
    ----------
    root
        Root of the store.
    repository
        The store.
    """
    lines = [repository.ancestry(branch="main")]
    lines += [repository.ancestry(tag=tag) for tag in tags(root)]
    found = {
        snapshot.id: Version(
            id=snapshot.id,
            time=snapshot.written_at,
            stage=str(snapshot.metadata["stage"]),
            message=snapshot.message,
            metadata=dict(snapshot.metadata),
        )
        for line in lines
        for snapshot in line
        if snapshot.metadata.get("published")
    }
    return sorted(found.values(), key=lambda version: version.time, reverse=True)


def choose_version(
    root: str,
    repository: icechunk.Repository,
    version: str | None,
    as_of: str | date | datetime | None,
) -> str:
    """Id of the version that is asked for.

    Parameters
    ----------
    root
        Root of the store.
    repository
        The store.
    version, as_of
        As in `open_store`.

    Raises
    ------
    StoreNotFoundError
        If there is no such version.
    VersionError
        If several ids begin so, or a date or time is not in ISO form.
    """
    if version is None and as_of is not None:
        return _until(root, repository, as_of)
    if version in (None, LATEST):
        return repository.lookup_branch("main")
    if version == PREVIOUS:
        return _previous(root, repository)
    if DATE.match(version):
        return _until(root, repository, version)
    if OBJECT_NAME.fullmatch(version):
        return _published_id(root, repository, version)
    return _beginning_with(root, repository, version)


def _until(root: str, repository: icechunk.Repository, as_of: str | date | datetime) -> str:
    """Id of the newest version that was published until then."""
    until = _moment(as_of)
    for entry in published(root, repository):
        if entry.time <= until:
            return entry.id
    raise StoreNotFoundError(
        f"The store {root} has no version as of {until.isoformat()}; "
        f"`zpoints history {root}` lists its versions."
    )


def _previous(root: str, repository: icechunk.Repository) -> str:
    """Id of the version that the newest one was made from."""
    line = repository.ancestry(branch="main")
    ids = [snapshot.id for snapshot in line if snapshot.metadata.get("published")]
    if len(ids) < 2:
        raise StoreNotFoundError(
            f"The store {root} has no previous version: it holds {len(ids)}, expected two or more."
        )
    return ids[1]


def _published_id(root: str, repository: icechunk.Repository, version: str) -> str:
    try:
        metadata = repository.lookup_snapshot(version).metadata
    except icechunk.IcechunkError as error:
        if not absent(error):
            raise
        metadata = {}
    if not metadata.get("published") and metadata.get("stage") != "create":
        raise _unknown(root, repository, version)
    return version


def _beginning_with(root: str, repository: icechunk.Repository, beginning: str) -> str:
    """Id of the only published version whose id begins so."""
    found = [entry.id for entry in published(root, repository) if entry.id.startswith(beginning)]
    if not beginning or not found:
        raise _unknown(root, repository, beginning)
    if len(found) > 1:
        raise VersionError(
            f"{len(found)} versions of the store {root} begin with {beginning}: "
            f"{', '.join(found[:SHOWN])}{', ...' if len(found) > SHOWN else ''}. Add characters."
        )
    return found[0]


def _unknown(root: str, repository: icechunk.Repository, version: str) -> StoreNotFoundError:
    known = [LATEST, PREVIOUS, *(entry.id for entry in published(root, repository))]
    return StoreNotFoundError(
        f"The store {root} has no version {one_line(version) or '(empty)'}."
        f"{did_you_mean(version, known)} Expected latest, previous, a date, or an id or its "
        f"beginning; `zpoints history {root}` lists the ids."
    )


def _moment(as_of: str | date | datetime) -> datetime:
    """The last moment of `as_of`, with a time zone."""
    moment = as_of
    if isinstance(moment, str):
        only_date = len(moment) == len("2026-11-01")
        try:
            moment = (date if only_date else datetime).fromisoformat(moment)
        except ValueError as error:
            raise VersionError(
                f"Invalid date {as_of!r}; expected ISO form, e.g. 2026-11-01 or 2026-11-01T03:00."
            ) from error
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time.max)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
