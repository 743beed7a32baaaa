"""The import: one task per chunk of vectors."""

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from zpoints.pipeline.import_vectors.config import ImportConfig
from zpoints.pipeline.import_vectors.plan import GROUP, VectorsPlan
from zpoints.pipeline.import_vectors.vector_file import VectorFile, checksums, vectors_read
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.progress import counted
from zpoints.pipeline.row_sample import representative_rows
from zpoints.pipeline.spread import Spread
from zpoints.pipeline.stage_run import StageRun, chunk_bounds
from zpoints.storage import Block, Store
from zpoints.storage.arrays.layout import unwritten
from zpoints.storage.carried_rows import CarriedRows
from zpoints.storage.schema.provenance import PROVENANCE, provenance_of

EXAMINED = 2048
"""Vectors that are examined for a collapse."""


def copy_vectors(run: StageRun[ImportConfig], *, plan: VectorsPlan) -> int:
    """Copy vectors that were made elsewhere into `latents`; returns their number.

    Those that are stored already stay. Vectors with NaN are copied, too; the analysis leaves them
    out and counts them.

    Parameters
    ----------
    run
        The execution of the stage.
    plan
        The rows that `latents` is to have.
    """
    chunk = run.settings.chunk
    file = replace(plan.source.file, names=None, labels=None)  # no task needs them
    previous = run.previous(GROUP)
    kept = 0 if previous is None else plan.carried
    carried = np.where(np.arange(plan.rows) < kept, np.arange(plan.rows), -1)
    template = _template(plan, chunk, run.store)
    run.work.create(GROUP, template, attrs=_attrs(plan, previous), carried=carried)
    if kept:
        run.console.line(f"{counted(kept, 'vector')} stored already, {plan.new:,} new.")
    stored = CarriedRows(run.store.root, run.store.version, GROUP, carried)
    blocks = [
        Block(start, stop, _Copying(file, start, stop, stored.block(start, stop)))
        for start, stop in chunk_bounds(plan.rows, chunk)
    ]
    with run.console.bar("import", total=plan.rows, unit="vectors") as advance:
        run.work.write_chunks(GROUP, blocks, on_progress=lambda done: advance(done, ""))
    some = run.work.dataset(GROUP)["z"][representative_rows(plan.rows, EXAMINED)].values
    if finding := Spread.of(some).finding:
        run.console.line(finding)
    return plan.rows


@dataclass(frozen=True)
class _Copying:
    """One task."""

    file: VectorFile
    start: int
    stop: int
    carried: CarriedRows | None

    def __call__(self) -> dict[str, np.ndarray]:
        if self.carried is None:
            return self._read(self.start)
        known = int((~self.carried.new).sum())  # stored rows come first
        return self.carried.complete(self._read(self.start + known))

    def _read(self, start: int) -> dict[str, np.ndarray]:
        if start == self.stop:
            return {
                "z": np.empty((0, self.file.width), np.float32),
                "checksum": np.empty(0, np.uint64),
            }
        z = vectors_read(self.file, start, self.stop)
        return {"z": z, "checksum": checksums(z)}


def _attrs(plan: VectorsPlan, previous: xr.Dataset | None) -> dict[str, object]:
    """Where the vectors come from, and the versions that they grew from."""
    grown: dict[str, int] = {}
    if previous is not None and plan.grows:
        made = provenance_of(previous.attrs)
        grown = {**made["grown_from"], made["fingerprint"]: previous.sizes["image"]}
    made_of = {
        "form": plan.source.file.form,
        "signature": plan.source.file.signature,
        "content": plan.content,
        "annotations": plan.annotations,
        "grown_from": grown,
    }
    return {PROVENANCE: made_of}


def _template(plan: VectorsPlan, chunk: int, store: Store) -> xr.Dataset:
    """The metadata of the group, with names and labels; splits are those of the photographs."""
    rows, width = plan.rows, plan.source.file.width
    labels: dict[str, tuple] = {
        str(name): ("image", column.to_numpy())
        for name, column in plan.source.labelled.labels.rows.items()
    }
    labels["image"] = ("image", plan.names)
    if plan.photographs is not None:
        labels["split"] = ("image", Labels(store.images).splits)
    return xr.Dataset(
        {
            "z": unwritten(("image", "component"), (rows, width), np.float32, chunk=chunk),
            "checksum": unwritten("image", (rows,), np.uint64, chunk=chunk),
        },
        coords=labels,
    )
