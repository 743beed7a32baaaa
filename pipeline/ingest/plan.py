"""Plans an ingest: the rows that ``images`` is to have, and which photographs have to be read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from zpoints.pipeline.errors import UnreadableError
from zpoints.pipeline.ingest.config import IngestConfig, SourceConfig
from zpoints.pipeline.ingest.files.photographs import digest
from zpoints.pipeline.ingest.match_stored import Match
from zpoints.pipeline.ingest.quarantine import EXAMPLES, quarantine_of, quarantine_refused, refused
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.tables.annotations import annotations_digest
from zpoints.pipeline.labels.labels import Labels
from zpoints.storage import Store
from zpoints.storage.labels.splits import assigned_splits
from zpoints.storage.schema.provenance import provenance_of


@dataclass(frozen=True, kw_only=True)
class IngestPlan:
    """The rows that ``images`` is to have, and where each comes from.

    Attributes
    ----------
    source
        The photographs.
    rows
        (image) int64: index of each row's photograph into ``source.names``.
    carried
        (image) int64: the row of the stored images that holds the same photograph, or -1.
    signatures
        (image) object: signature of each file when its content was read.
    quarantine
        ``reason`` and ``signature``, indexed by name, of photographs known to be unusable.
    digest
        Hash of the photographs and their annotations, whatever the order in which they arrived.
    annotations
        Hash of the labels of these photographs.
    parent
        Fingerprint of the images from which these follow by arrivals, changes and removals, which
        decide the order of the rows; empty for the order of the source. Of vectors' photographs a
        hash of this order.
    grows
        Whether the stored images become these in that way, and a model of theirs stays valid.
    removed, changed
        Names of stored photographs that the source lacks or holds with other content.
    of_vectors
        Whether each photograph belongs to a vector: the rows follow the source, whatever is stored,
        and none may be unreadable.
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
    of_vectors: bool = False

    @property
    def names(self) -> np.ndarray:
        """(image) object: name of each row's photograph."""
        return np.array(self.source.names, dtype=object)[self.rows]

    @property
    def label_count(self) -> int:
        """Number of labels."""
        return int(self.source.labels.shape[1])

    @property
    def new(self) -> int:
        """Number of photographs that have to be decoded."""
        return int((self.carried < 0).sum())


def plan_ingest(
    source: Source,
    config: IngestConfig,
    source_config: SourceConfig,
    images: xr.Dataset | None,
    matched: Match | None,
    *,
    of_vectors: bool = False,
) -> IngestPlan:
    """Compare a source with the stored images.

    Stored photographs keep their order, new ones follow. Photographs in quarantine are tried again
    once their signature has changed. Another ``ingest.limit`` selects again from the whole source.

    Parameters
    ----------
    source
        The photographs.
    config
        How they are cut.
    source_config
        What to do about stored photographs that have changed, and about unreadable ones.
    images
        The group ``images`` of the newest version; None if there is none.
    matched
        Its photographs, matched with the source; None if there are none.
    of_vectors
        As in `IngestPlan`.

    Returns
    -------
    IngestPlan
        The rows and what is known of each.

    Raises
    ------
    SourceError
        If stored photographs were removed or changed and ``source.on_change`` is ``error``, or
        some are in quarantine and ``source.strict`` is set.
    """
    if images is None or matched is None:
        plan = _selected(source, config)
    else:
        compared = _in_order if of_vectors else _compared
        plan = compared(source, config, images, matched)
        plan = replace(plan, removed=matched.removed, changed=matched.changed)
    if of_vectors:
        plan = replace(plan, of_vectors=True, parent=digest(map(str, plan.names)))
    if source_config.on_change == "error" and (plan.removed or plan.changed):
        raise UnreadableError(_changes_message(plan))
    if source_config.strict and len(plan.quarantine):
        raise UnreadableError(quarantine_refused(plan.quarantine, of_vectors=of_vectors))
    return plan


def describe_changes(plan: IngestPlan, store: Store) -> str:
    """How the photographs of the source differ from the stored ones."""
    counts = {
        "new": plan.new - len(plan.changed),
        "changed": len(plan.changed),
        "removed": len(plan.removed),
    }
    changes = [f"{count:,} {kind}" for kind, count in counts.items() if count]
    if changes:
        return f"photographs: {', '.join(changes)}"
    relabelled = provenance_of(store.images.attrs)["annotations"] != plan.annotations
    return "labels changed" if relabelled else "the quarantine changed"


def _in_order(
    source: Source, config: IngestConfig, images: xr.Dataset, matched: Match
) -> IngestPlan:
    """The rows of the source in its order; they grow if the stored ones are the first of them."""
    cut = _cut(images) == (config.side, config.channels, config.crop)
    plan = _selected(source, config, matched if cut else None)
    stored = np.arange(len(matched.names))
    follows = np.array_equal(plan.carried[: len(stored)], stored)
    return replace(plan, grows=cut and follows and _same_splits(plan, images))


def _cut(images: xr.Dataset) -> tuple[int, int, int | None]:
    return images.sizes["y"], images.sizes["channel"], images.attrs.get("crop")


def _compared(
    source: Source, config: IngestConfig, images: xr.Dataset, matched: Match
) -> IngestPlan:
    if _cut(images) != (config.side, config.channels, config.crop):
        return _selected(source, config)
    if images.attrs.get("limit") != config.limit:
        return _selected(source, config, matched)
    return _grown(source, config, images, matched)


def _selected(source: Source, config: IngestConfig, matched: Match | None = None) -> IngestPlan:
    """The rows of an ingest from scratch; stored content is carried over."""
    rows = _spaced(np.arange(len(source.names)), config.limit)
    carried, signatures = np.full(len(rows), -1), _signatures(source, rows)
    if matched is not None:
        stored_row = np.full(len(source.names), -1)
        stored_row[matched.position[matched.same]] = np.flatnonzero(matched.same)
        carried = stored_row[rows]
        signatures = np.where(carried >= 0, matched.signature[carried], signatures)
    return _plan(source, rows, carried, signatures, refused(source))


def _grown(source: Source, config: IngestConfig, images: xr.Dataset, matched: Match) -> IngestPlan:
    """The stored rows without those that the source lacks, followed by the new ones."""
    present = matched.position >= 0
    rows = matched.position[present]
    carried = np.where(matched.same, np.arange(len(present)), -1)[present]
    signatures = np.where(carried >= 0, matched.signature[present], _signatures(source, rows))
    new = _arrivals(source, config, images, matched)
    plan = _plan(
        source,
        np.concatenate([rows, new]),
        np.concatenate([carried, np.full(len(new), -1)]),
        np.concatenate([signatures, _signatures(source, new)]),
        matched.quarantine,
    )
    made = provenance_of(images.attrs)
    unchanged = plan.digest == made["digest"]
    return replace(
        plan,
        parent=made["parent" if unchanged else "fingerprint"],
        grows=bool(matched.same.any()) and _same_splits(plan, images),
    )


def _arrivals(
    source: Source, config: IngestConfig, images: xr.Dataset, matched: Match
) -> np.ndarray:
    """int64: indices of new photographs and of changed ones in quarantine, up to the limit."""
    handled = np.zeros(len(source.names), dtype=bool)
    handled[matched.position[matched.position >= 0]] = True
    names = pd.Index(source.names)
    handled |= names.isin(matched.quarantine.index)
    again = ~handled & names.isin(quarantine_of(images).index)
    have = handled.sum() + again.sum()
    room = None if config.limit is None else max(config.limit - have, 0)
    others = _spaced(np.flatnonzero(~handled & ~again), room)
    return np.concatenate([np.flatnonzero(again), others])


def _same_splits(plan: IngestPlan, images: xr.Dataset) -> bool:
    """Whether stored photographs stay in their splits: no model is tested on what it has seen."""
    kept = plan.carried >= 0
    labels = plan.source.labels
    now = labels["split"].to_numpy()[plan.rows[kept]] if "split" in labels else None
    before = plan.carried[kept]
    return np.array_equal(
        assigned_splits(now, images["checksum"].values[before]), Labels(images).splits[before]
    )


def _spaced(rows: np.ndarray, limit: int | None) -> np.ndarray:
    """At most ``limit`` rows, evenly spaced rather than the first ones.

    CelebA's file numbers are ordered by split; every split has to keep its share.
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
) -> IngestPlan:
    names = np.array(source.names, dtype=object)[rows]
    inputs = [f"{name} {signature}" for name, signature in zip(names, signatures, strict=True)]
    inputs += [f"{name} {signature}" for name, signature in quarantine["signature"].items()]
    annotations = _annotations(source, rows, quarantine)
    return IngestPlan(
        source=source,
        rows=rows,
        carried=carried,
        signatures=signatures,
        quarantine=quarantine,
        digest=digest([*sorted(inputs), annotations]),
        annotations=annotations,
    )


def _annotations(source: Source, rows: np.ndarray, quarantine: pd.DataFrame) -> str:
    """Hash of the labels of all photographs, readable or not, in the order of their names."""
    used = np.zeros(len(source.names), dtype=bool)
    used[rows] = True
    used |= pd.Index(source.names).isin(quarantine.index)
    chosen = np.flatnonzero(used)
    chosen = chosen[np.argsort(np.array(source.names, dtype=object)[chosen])]
    landmarks = None if source.landmarks is None else source.landmarks[chosen]
    return annotations_digest(source.labels.iloc[chosen], landmarks)


def _changes_message(plan: IngestPlan) -> str:
    found = {"lacks": plan.removed, "has changed": plan.changed}
    changes = [
        f"{verb} {len(names):,} of the stored photographs ({_some(names)})"
        for verb, names in found.items()
        if names
    ]
    return (
        f"The source ({plan.source.format} format: {plan.source.why}) {' and '.join(changes)}. "
        "Restore them; or follow the source with --set source.on_change=reencode, which leaves "
        "older versions as they are; or use another --root."
    )


def _some(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > EXAMPLES else ""
    return ", ".join(names[:EXAMPLES]) + more
