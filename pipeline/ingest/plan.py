"""What an ingest has to do: the photographs of the source against those that are stored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import IngestConfig, SourceConfig
from zpoints.pipeline.ingest.files.photographs import digest
from zpoints.pipeline.ingest.match import Known, quarantine_of, refused
from zpoints.pipeline.ingest.sources.annotations import annotations_digest
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.labels.splits import assigned_splits
from zpoints.pipeline.progress import counted

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
    digest
        The same for the same photographs and annotations, in whatever order they arrived.
    parent
        Fingerprint of the images that these came from by arrivals, changes and removals, of which
        their order is a result; empty for the order of the source.
    grows
        Whether the stored images become these in that way, and a model of theirs stays valid.
    removed, changed
        Names of stored photographs that the source lacks or holds with other content.
    annotations
        The same for the same labels of these photographs.
    """

    source: Source
    rows: np.ndarray
    carried: np.ndarray
    signatures: np.ndarray
    quarantine: pd.DataFrame
    digest: str
    annotations: str
    parent: str = ""
    grows: bool = False
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def names(self) -> np.ndarray:
        """Name of each row."""
        return np.array(self.source.names, dtype=object)[self.rows]

    @property
    def new(self) -> int:
        """How many photographs have to be decoded."""
        return int((self.carried < 0).sum())


def plan_ingest(
    source: Source,
    config: IngestConfig,
    on: SourceConfig,
    stored: xr.Dataset | None,
    known: Known | None,
) -> Plan:
    """Compare a source with the stored images.

    Stored photographs keep their order, new ones follow. Photographs in quarantine are tried again
    once their signature has changed. Another ``ingest.limit`` selects anew, from the whole source.

    Parameters
    ----------
    source
        The photographs.
    config, on
        How they are cut, and what to do when stored ones have changed.
    stored
        The group ``images`` of the newest version; None without one.
    known
        Its photographs, matched with the source; None without one.

    Raises
    ------
    SourceError
        If stored photographs were removed or changed and ``source.on_change`` is ``error``, or
        some are in quarantine and ``source.strict`` is set.
    """
    if stored is None or known is None:
        plan = _selected(source, config)
    else:
        plan = _compared(source, config, stored, known)
        plan = replace(plan, removed=known.removed, changed=known.changed)
    if on.on_change == "error" and (plan.removed or plan.changed):
        raise SourceError(_changes(plan))
    if on.strict and len(plan.quarantine):
        raise SourceError(refusal(plan.quarantine))
    return plan


def refusal(quarantine: pd.DataFrame) -> str:
    """What to tell a user who wants no quarantine."""
    return (
        f"{counted(len(quarantine), 'photograph')} cannot be read: {listed(quarantine)}. Repair or "
        "remove them, or run without --strict (source.strict=false): they then go to the "
        "quarantine."
    )


def quarantine_lines(quarantine: pd.DataFrame) -> list[str]:
    """What to tell a user of a quarantine that is not empty."""
    if quarantine.empty:
        return []
    return [
        f"{counted(len(quarantine), 'photograph')} cannot be read and went into quarantine, e.g. "
        f"{listed(quarantine, 1)}."
    ]


def listed(quarantine: pd.DataFrame, count: int = EXAMPLES) -> str:
    """The first names of a quarantine with their reasons."""
    reasons = quarantine["reason"].head(count).items()
    return "; ".join(f"{name}: {reason}" for name, reason in reasons)


def _compared(source: Source, config: IngestConfig, stored: xr.Dataset, known: Known) -> Plan:
    cut = (stored.sizes["y"], stored.sizes["channel"], stored.attrs["crop"])
    if cut != (config.side, config.channels, config.crop):
        return _selected(source, config)
    if stored.attrs["limit"] != config.limit:
        return _selected(source, config, known)
    return _grown(source, config, stored, known)


def _selected(source: Source, config: IngestConfig, known: Known | None = None) -> Plan:
    """The rows of an ingest from scratch; what is known of them is carried over."""
    rows = _spaced(np.arange(len(source.names)), config.limit)
    carried, signatures = np.full(len(rows), -1), _signatures(source, rows)
    if known is not None:
        stored_row = np.full(len(source.names), -1)
        stored_row[known.place[known.same]] = np.flatnonzero(known.same)
        carried = stored_row[rows]
        signatures = np.where(carried >= 0, known.signature[carried], signatures)
    return _plan(source, rows, carried, signatures, refused(source))


def _grown(source: Source, config: IngestConfig, stored: xr.Dataset, known: Known) -> Plan:
    """The stored rows without those that left, and behind them the new ones."""
    there = known.place >= 0
    rows, carried = known.place[there], np.where(known.same, np.arange(len(there)), -1)[there]
    signatures = np.where(carried >= 0, known.signature[there], _signatures(source, rows))
    handled = np.zeros(len(source.names), dtype=bool)
    handled[rows] = True
    names = pd.Index(source.names)
    handled |= names.isin(known.quarantine.index)
    again = ~handled & names.isin(quarantine_of(stored).index)
    have = handled.sum() + again.sum()
    room = None if config.limit is None else max(config.limit - have, 0)
    others = _spaced(np.flatnonzero(~handled & ~again), room)
    new = np.concatenate([np.flatnonzero(again), others])
    plan = _plan(
        source,
        np.concatenate([rows, new]),
        np.concatenate([carried, np.full(len(new), -1)]),
        np.concatenate([signatures, _signatures(source, new)]),
        known.quarantine,
    )
    unchanged = plan.digest == stored.attrs["digest"]
    return replace(
        plan,
        parent=stored.attrs["parent" if unchanged else "fingerprint"],
        grows=bool(known.same.any()) and _same_splits(plan, stored),
    )


def _same_splits(plan: Plan, stored: xr.Dataset) -> bool:
    """Whether what is stored stays in its split: a model must not be tested on what it has seen."""
    kept = plan.carried >= 0
    labels = plan.source.labels
    now = labels["split"].to_numpy()[plan.rows[kept]] if "split" in labels else None
    before = plan.carried[kept]
    return np.array_equal(
        assigned_splits(now, stored["checksum"].values[before]), Labels(stored).splits[before]
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
) -> Plan:
    names = np.array(source.names, dtype=object)[rows]
    inputs = [f"{name} {signature}" for name, signature in zip(names, signatures, strict=True)]
    inputs += [f"{name} {signature}" for name, signature in quarantine["signature"].items()]
    annotations = _annotations(source, rows, quarantine)
    return Plan(
        source=source,
        rows=rows,
        carried=carried,
        signatures=signatures,
        quarantine=quarantine,
        digest=digest([*sorted(inputs), annotations]),
        annotations=annotations,
    )


def _annotations(source: Source, rows: np.ndarray, quarantine: pd.DataFrame) -> str:
    """Digest of the labels of all inputs, readable or not, in the order of their names."""
    used = np.zeros(len(source.names), dtype=bool)
    used[rows] = True
    used |= pd.Index(source.names).isin(quarantine.index)
    chosen = np.flatnonzero(used)
    chosen = chosen[np.argsort(np.array(source.names, dtype=object)[chosen])]
    landmarks = None if source.landmarks is None else source.landmarks[chosen]
    return annotations_digest(source.labels.iloc[chosen], landmarks)


def _changes(plan: Plan) -> str:
    found = {"lacks": plan.removed, "has changed": plan.changed}
    said = [
        f"{verb} {len(names):,} of the stored photographs ({_some(names)})"
        for verb, names in found.items()
        if names
    ]
    return (
        f"The source ({plan.source.format} format: {plan.source.why}) {' and '.join(said)}. "
        "Restore them; or follow the source with --set source.on_change=reencode, which leaves "
        "older versions as they are; or use another --root."
    )


def _some(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > EXAMPLES else ""
    return ", ".join(names[:EXAMPLES]) + more
