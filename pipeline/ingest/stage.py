"""The ingest stage: one task per chunk of photographs."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from zpoints.pipeline.errors import UnreadableError
from zpoints.pipeline.ingest.config import IngestConfig
from zpoints.pipeline.ingest.files.photograph_files import PhotographFiles
from zpoints.pipeline.ingest.images import read_block
from zpoints.pipeline.ingest.plan import IngestPlan
from zpoints.pipeline.ingest.quarantine import (
    quarantine_examples,
    quarantine_lines,
    quarantine_of,
    quarantine_refused,
)
from zpoints.pipeline.ingest.tables.interpret import LANDMARKS
from zpoints.pipeline.ingest.tables.values import whole
from zpoints.pipeline.progress import counted
from zpoints.pipeline.stage_run import StageRun, chunk_bounds
from zpoints.storage import Block
from zpoints.storage.arrays.layout import unwritten
from zpoints.storage.carried_rows import CarriedRows
from zpoints.storage.labels.splits import splits_by_order
from zpoints.storage.schema.provenance import PROVENANCE, provenance_of

GROUP = "images"
SPLIT_BY_ORDER = (
    "The photographs are split by their order, not by their checksums, which leave fewer than 2 to "
    "the training: they are few, or equal."
)
WRITTEN_BY_TASKS = ("pixels", "checksum", "fault")


def ingest(run: StageRun[IngestConfig], *, plan: IngestPlan, strict: bool) -> int:
    """Read the photographs into ``images``.

    A photograph that cannot be read goes to the quarantine: the last row takes its place, and its
    name and the reason are stored next to the images.

    Parameters
    ----------
    run
        The execution of the stage.
    plan
        The rows that ``images`` is to have.
    strict
        Whether an unreadable photograph is an error.

    Returns
    -------
    int
        Number of images.

    Raises
    ------
    SourceError
        If no photograph can be read, or one cannot and ``strict`` is set or each has a vector.
    """
    for line in _plan_lines(plan):
        run.console.line(line)
    if not provenance_of(run.work.attrs(GROUP)).get("settled"):
        _read(run, plan)
        _settle(run, plan)
    found = provenance_of(run.work.attrs(GROUP))
    quarantine = quarantine_of(run.work.dataset(GROUP))
    if (strict or plan.of_vectors) and len(quarantine):
        raise UnreadableError(quarantine_refused(quarantine, of_vectors=plan.of_vectors))
    for line in quarantine_lines(quarantine):
        run.console.line(line)
    if found.get("split_by_order"):
        run.console.line(SPLIT_BY_ORDER)
    return int(found["stored"])


def _plan_lines(plan: IngestPlan) -> list[str]:
    lines = []
    for verb, names in (("removed from", plan.removed), ("changed in", plan.changed)):
        if names:
            lines.append(f"{counted(len(names), 'photograph')} {verb} the source.")
    if plan.new < len(plan.rows):
        stored = len(plan.rows) - plan.new
        lines.append(f"{counted(stored, 'photograph')} stored already, {plan.new:,} to be read.")
    return lines


def _read(run: StageRun[IngestConfig], plan: IngestPlan) -> None:
    """Decode what is not stored yet, chunk by chunk."""
    config, count, store = run.settings, len(plan.rows), run.store
    run.work.create(
        GROUP,
        _template(plan, np.arange(count), config, WRITTEN_BY_TASKS),
        attrs=_attrs(plan, config),
        carried=plan.carried,
    )
    keys = np.array(plan.source.keys, dtype=object)[plan.rows]
    stored = CarriedRows(store.root, store.version, GROUP, plan.carried)
    blocks = [
        Block(
            start,
            stop,
            partial(
                _read_rows,
                plan.source.files,
                tuple(keys[start:stop]),
                stored.block(start, stop),
                config,
            ),
        )
        for start, stop in chunk_bounds(count, config.chunk)
    ]
    with run.console.bar("ingest", total=count, unit="images") as advance:
        run.work.write_chunks(GROUP, blocks, on_progress=lambda rows: advance(rows, ""))


def _read_rows(
    files: PhotographFiles,
    keys: tuple[str, ...],
    carried: CarriedRows | None,
    config: IngestConfig,
) -> dict[str, np.ndarray]:
    """One task: stored photographs are copied, the others are read and decoded."""
    read = partial(read_block, files, crop=config.crop, side=config.side, channels=config.channels)
    if carried is None:
        return read(keys)
    new = [key for key, is_new in zip(keys, carried.new, strict=True) if is_new]
    return carried.complete(read(new), fill={"fault": ""})


def _settle(run: StageRun[IngestConfig], plan: IngestPlan) -> None:
    """Move unreadable photographs from the rows to the quarantine."""
    config = run.settings
    read = run.work.dataset(GROUP)
    faults = read["fault"].values
    bad, good = np.flatnonzero(faults != ""), np.flatnonzero(faults == "")
    found = pd.DataFrame(
        {"reason": faults[bad].astype(object), "signature": plan.signatures[bad]},
        index=plan.names[bad],
    )
    quarantine = pd.concat([plan.quarantine, found])
    if len(good) == 0:
        raise UnreadableError(
            f"No photograph of the source can be read: {quarantine_examples(quarantine)}."
        )
    rows = _filled_from_the_end(good)
    template = _template(plan, rows, config, WRITTEN_BY_TASKS[:2])
    if len(quarantine):
        template = template.assign_coords(quarantined=("quarantined", quarantine.index.to_numpy()))
        template["quarantine_reason"] = ("quarantined", quarantine["reason"].to_numpy())
        template["quarantine_signature"] = ("quarantined", quarantine["signature"].to_numpy())
    counts = {"stored": len(rows), "quarantined": len(quarantine), "settled": True}
    given = template["split"].values if "split" in template.coords else None
    splits = splits_by_order(given, read["checksum"].values[rows])
    if splits is not None:
        template = template.assign_coords(split=("image", splits))
        counts["split_by_order"] = True
    run.work.settle(GROUP, template, rows, attrs=_attrs(plan, config, **counts))


def _filled_from_the_end(good: np.ndarray) -> np.ndarray:
    """The good rows without gaps: the last ones fill the gaps, so that few rows move.

    Examples
    --------
    >>> _filled_from_the_end(np.array([0, 2, 3, 5, 6])).tolist()
    [0, 5, 2, 3, 6]
    """
    count = len(good)
    rows = np.arange(count)
    rows[np.setdiff1d(rows, good)] = good[good >= count]
    return rows


def _attrs(plan: IngestPlan, config: IngestConfig, **counts: int) -> dict[str, Any]:
    """Attributes of the group; ``counts`` are known when it is settled."""
    made = {"digest": plan.digest, "parent": plan.parent, "annotations": plan.annotations, **counts}
    return {
        "source_form": plan.source.format,
        "crop": config.crop,
        "limit": config.limit,
        PROVENANCE: made,
    }


def _template(
    plan: IngestPlan, rows: np.ndarray, config: IngestConfig, written: tuple[str, ...]
) -> xr.Dataset:
    """The group's metadata and the labels of some rows; tasks write the variables ``written``."""
    count, source, position = len(rows), plan.source, plan.rows[rows]
    shape = (count, config.side, config.side, config.channels)
    tasks = {
        "pixels": unwritten(("image", "y", "x", "channel"), shape, np.uint8, chunk=config.chunk),
        "checksum": unwritten("image", (count,), np.uint64, chunk=config.chunk),
        "fault": unwritten("image", (count,), np.dtypes.StringDType(), chunk=config.chunk),
    }
    labels: dict[str, tuple] = {
        str(name): ("image", _values(column, position)) for name, column in source.labels.items()
    }
    labels["image"] = ("image", plan.names[rows])
    labels["signature"] = ("image", plan.signatures[rows])
    if source.landmarks is not None:
        labels["landmarks"] = (("image", "landmark", "axis"), source.landmarks[position])
        labels["landmark"] = ("landmark", list(LANDMARKS))
        labels["axis"] = ("axis", ["x", "y"])
    return xr.Dataset({name: tasks[name] for name in written}, coords=labels)


def _values(column: pd.Series, position: np.ndarray) -> np.ndarray:
    """A label of some photographs: whole numbers where only others lack one."""
    values = column.to_numpy()[position]
    return whole(values) if column.isna().any() else values
