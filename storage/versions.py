"""Lists the published versions of a store and finds the one that is asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import icechunk

from zpoints.storage.backend.damage import absent
from zpoints.storage.backend.refs import tags
from zpoints.storage.errors import StoreNotFoundError

DATE = re.compile(r"\d{4}-\d\d-\d\d")
"""How a date or time in ISO form begins; no id does."""


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
    ValueError
        If `as_of` is not a date or time in ISO form.
    """
    if version == "previous":
        return _previous(root, repository)
    if version is not None and DATE.match(version):
        version, as_of = None, version
    if version not in (None, "latest"):
        return _published_id(root, repository, version)
    if as_of is None:
        return repository.lookup_branch("main")
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
            f"The store {root} has {len(ids)} version; expected two, so that one is previous."
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
        raise StoreNotFoundError(
            f"The store {root} has no version {version}; `zpoints history {root}` lists its "
            "versions."
        )
    return version


def _moment(as_of: str | date | datetime) -> datetime:
    """The last moment of `as_of`, with a time zone."""
    moment = as_of
    if isinstance(moment, str):
        only_date = len(moment) == len("2026-11-01")
        try:
            moment = (date if only_date else datetime).fromisoformat(moment)
        except ValueError as error:
            raise ValueError(
                f"Invalid as_of {as_of!r}; expected a date or time in ISO form, e.g. 2026-11-01."
            ) from error
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time.max)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
