"""What an ingest has to do: the photographs of the source against those that are stored."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from pipeline.ingest.config import IngestConfig, SourceConfig
from pipeline.ingest.errors import PhotographError, SourceError
from pipeline.ingest.files import PhotographFiles, digest
from pipeline.ingest.images import checksum
from pipeline.ingest.source import Source

EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The rows that ``images`` is to have, and where each comes from.

    Attributes
    ----------
    source
        The photographs.
    rows
        int64 (image): for each row of the store, its place in ``source.names``.
    carried
        int64 (image): the row of the stored images that holds the same photograph, or -1.
    signatures
        Per row, what the listing said of the file when its content was read.
    quarantine
        Known to be unusable: ``reason`` and ``signature``, indexed by name.
    removed, changed
        Names of stored photographs that the source lacks or holds with other content.
    digest
        The same for the same photographs and annotations, in whatever order they arrived.
    grows
        Whether the stored images become these by the arrival, change or removal of photographs.
    """

    source: Source
    rows: np.ndarray
    carried: np.ndarray
    signatures: np.ndarray
    quarantine: pd.DataFrame
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    digest: str
    grows: bool

    @property
    def names(self) -> np.ndarray:
        """Name of each row."""
        return np.array(self.source.names, dtype=object)[self.rows]

    @property
    def new(self) -> int:
        """How many photographs have to be decoded."""
        return int((self.carried < 0).sum())


def plan_ingest(
    source: Source, config: IngestConfig, on: SourceConfig, stored: xr.Dataset | None
) -> Plan:
    """Compare a source with the stored images.

    Photographs are the same if their names and the listing's signatures are; where only the
    signature differs, the content's checksum decides. Stored photographs keep their order, new ones
    follow. Photographs in quarantine are tried again once their signature has changed.

    Parameters
    ----------
    source
        The photographs.
    config, on
        How they are cut, and what to do when stored ones have changed.
    stored
        The group ``images`` of the newest version; None without one.

    Raises
    ------
    SourceError
        If stored photographs were removed or changed and ``source.on_change`` is ``error``, or
        some are in quarantine and ``source.strict`` is set.
    """
    plan = _compared(source, config, stored)
    if on.on_change == "error" and (plan.removed or plan.changed):
        raise SourceError(_changes(plan))
    if on.strict and len(plan.quarantine):
        raise SourceError(refusal(plan.quarantine))
    return plan


def refusal(quarantine: pd.DataFrame) -> str:
    """What to tell a user who wants no quarantine."""
    return (
        f"{len(quarantine):,} photographs cannot be read: {listed(quarantine)}. Repair or remove "
        "them, or run without --strict (source.strict=false): they then go to the quarantine."
    )


def listed(quarantine: pd.DataFrame, count: int = EXAMPLES) -> str:
    """The first names of a quarantine with their reasons."""
    reasons = quarantine["reason"].head(count).items()
    return "; ".join(f"{name}: {reason}" for name, reason in reasons)


def _compared(source: Source, config: IngestConfig, stored: xr.Dataset | None) -> Plan:
    if stored is None or "signature" not in stored or not _same_pixels(stored, config):
        return _fresh(source, config)
    known = _known(source, stored)
    if stored.attrs.get("limit") != config.limit:
        return _selected_anew(source, config, known)
    return _grown(source, config, known)


def _same_pixels(stored: xr.Dataset, config: IngestConfig) -> bool:
    """Whether the stored images were cut as the configuration asks."""
    cut = (stored.sizes["y"], stored.sizes["channel"], stored.attrs.get("crop", 0))
    return cut == (config.side, config.channels, config.crop)


@dataclass(frozen=True)
class _Known:
    """Stored photographs, matched with the source.

    Attributes
    ----------
    place
        int64 (stored row): its place in ``source.names``, or -1.
    same
        bool (stored row): whether the source holds the content that is stored.
    signature
        (stored row): the listing's, when the content was read.
    quarantine
        Photographs in quarantine whose files have not changed since.
    names
        Names of the stored rows.
    """

    place: np.ndarray
    same: np.ndarray
    signature: np.ndarray
    quarantine: pd.DataFrame
    names: np.ndarray


def _known(source: Source, stored: xr.Dataset) -> _Known:
    names = stored["name"].values.astype(object)
    place = pd.Index(source.names).get_indexer(pd.Index(names))
    now = np.array([*source.signatures, ""], dtype=object)[place]
    before = stored["signature"].values.astype(object)
    same = (place >= 0) & (now == before)
    for row in np.flatnonzero((place >= 0) & ~same):
        content = _checksum(source.files, source.keys[place[row]])
        same[row] = content == stored["checksum"].values[row]
    return _Known(place, same, before, _still_quarantined(source, stored), names)


def _checksum(files: PhotographFiles, key: str) -> np.uint64 | None:
    try:
        return checksum(files.read(key))
    except PhotographError:
        return None


def _still_quarantined(source: Source, stored: xr.Dataset) -> pd.DataFrame:
    refused = _refused(source)
    if "quarantined" not in stored.variables:
        return refused
    before = pd.DataFrame(
        {
            "reason": stored["quarantine_reason"].values.astype(object),
            "signature": stored["quarantine_signature"].values.astype(object),
        },
        index=stored["quarantined"].values.astype(object),
    )
    now = pd.Series(source.signatures, index=pd.Index(source.names, dtype=object), dtype=object)
    before = before[before["signature"].eq(now.reindex(before.index))]
    return pd.concat([refused, before])


def _refused(source: Source) -> pd.DataFrame:
    """What the listing alone shows to be unusable."""
    return pd.DataFrame(
        {
            "reason": [r.reason for r in source.refused],
            "signature": [r.signature for r in source.refused],
        },
        index=pd.Index([r.name for r in source.refused], dtype=object),
        dtype=object,
    )


def _fresh(source: Source, config: IngestConfig) -> Plan:
    rows = _spaced(np.arange(len(source.names)), config.limit)
    carried = np.full(len(rows), -1)
    return _plan(source, rows, carried, _signatures(source, rows), _refused(source))


def _selected_anew(source: Source, config: IngestConfig, known: _Known) -> Plan:
    """Another ``ingest.limit``: other photographs, of which some are stored already."""
    rows = _spaced(np.arange(len(source.names)), config.limit)
    stored_row = np.full(len(source.names), -1)
    stored_row[known.place[known.same]] = np.flatnonzero(known.same)
    carried = stored_row[rows]
    signatures = np.where(carried >= 0, known.signature[carried], _signatures(source, rows))
    return _plan(source, rows, carried, signatures, _refused(source))


def _grown(source: Source, config: IngestConfig, known: _Known) -> Plan:
    there = known.place >= 0
    rows, carried = known.place[there], np.where(known.same, np.arange(len(there)), -1)[there]
    signatures = np.where(carried >= 0, known.signature[there], _signatures(source, rows))
    handled = np.zeros(len(source.names), dtype=bool)
    handled[rows] = True
    handled |= pd.Index(source.names).isin(known.quarantine.index)
    have = len(rows) + len(known.quarantine)
    room = None if config.limit is None else max(config.limit - have, 0)
    new = _spaced(np.flatnonzero(~handled), room)
    return _plan(
        source,
        np.concatenate([rows, new]),
        np.concatenate([carried, np.full(len(new), -1)]),
        np.concatenate([signatures, _signatures(source, new)]),
        known.quarantine,
        removed=tuple(known.names[~there]),
        changed=tuple(known.names[there & ~known.same]),
        grows=bool(known.same.any()),
    )


def _spaced(rows: np.ndarray, limit: int | None) -> np.ndarray:
    """At most ``limit`` rows, evenly spaced rather than the first ones.

    CelebA's file numbers are ordered by split, and every split is to keep its share.
    """
    if limit is None or limit >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, limit).round().astype(np.int64)]


def _signatures(source: Source, rows: np.ndarray) -> np.ndarray:
    return np.array(source.signatures, dtype=object)[rows]


def _plan(
    source: Source,
    rows: np.ndarray,
    carried: np.ndarray,
    signatures: np.ndarray,
    quarantine: pd.DataFrame,
    *,
    removed: tuple[str, ...] = (),
    changed: tuple[str, ...] = (),
    grows: bool = False,
) -> Plan:
    names = np.array(source.names, dtype=object)[rows]
    inputs = [f"{name} {signature}" for name, signature in zip(names, signatures, strict=True)]
    inputs += [f"{name} {s}" for name, s in quarantine["signature"].items()]
    return Plan(
        source=source,
        rows=rows,
        carried=carried,
        signatures=signatures,
        quarantine=quarantine,
        removed=removed,
        changed=changed,
        digest=digest([*sorted(inputs), source.annotations]),
        grows=grows,
    )


def _changes(plan: Plan) -> str:
    found = {"lacks": plan.removed, "has changed": plan.changed}
    said = [
        f"{verb} {len(names):,} of the stored photographs ({_some(names)})"
        for verb, names in found.items()
        if names
    ]
    return (
        f"The source {' and '.join(said)}. Restore them; or follow the source with --set "
        "source.on_change=reencode, which leaves older versions as they are; or use another --root."
    )


def _some(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > EXAMPLES else ""
    return ", ".join(names[:EXAMPLES]) + more
