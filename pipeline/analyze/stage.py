"""The analyze stage: reads `latents` and writes `statistics` or a selection of it."""

import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import dask
import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.config import AnalyzeConfig
from zpoints.pipeline.analyze.memory import memory_needed, process_memory
from zpoints.pipeline.analyze.passes import describe, summarize
from zpoints.pipeline.analyze.reduction import WAVE, waves
from zpoints.pipeline.analyze.states.checkpoint import pack, unpack
from zpoints.pipeline.analyze.states.state import State
from zpoints.pipeline.errors import AnalyzeError
from zpoints.pipeline.labels.labels import LabelNumbers, Labels
from zpoints.pipeline.memory import require_memory
from zpoints.pipeline.progress import counted
from zpoints.pipeline.spread import Spread
from zpoints.pipeline.stage_run import StageRun
from zpoints.storage import Store
from zpoints.storage.errors import QueryError
from zpoints.storage.labels.columns import LabelColumn
from zpoints.storage.rows import LabelNumberTable, LabelTable
from zpoints.storage.schema.provenance import PROVENANCE, provenance_of
from zpoints.storage.schema.registry import VARIABLES, label_variables

GROUP = "statistics"
SECONDS_BETWEEN_CHECKPOINTS = 20.0
NOTABLE = 0.25
"""Share of a worker's memory from which a run names what the analysis needs."""


def selection_group(name: str) -> str:
    """Name of the group with the statistics of a configured selection."""
    return f"selections/{name}"


def analyze_latents(run: StageRun[AnalyzeConfig], *, selection: str | None = None) -> int:
    """Describe the vectors of `latents`, or those of a selection; return their number.

    The first pass reads only vectors that the stored state does not cover, and merges their state
    into it. An interrupted analysis continues from its last checkpoint.
    """
    z, labels = run.store.latents["z"].data, _inputs(run, selection)
    group = GROUP if selection is None else selection_group(selection)
    covered, known = _known(run, group, labels)
    new = z[covered:]
    if covered:
        run.console.line(f"{group}: {counted(covered, 'vector')} grow by {len(new):,}.")
    (loaded,) = dask.compute(dask.delayed(process_memory)())  # measured by a worker
    memory = memory_needed(
        z,
        run.settings,
        attributes=labels.attributes.sizes["attribute"],
        columns=labels.columns,
        threads=run.worker.threads,
        base=max(run.worker.held, loaded),
    )
    require_memory(memory, run.worker)
    if memory.total > NOTABLE * run.worker.memory:
        run.console.line(f"The analysis needs {memory}.")
    cut = (WAVE, covered, *z.chunks[0])
    first, second = unpack(run.work.load_checkpoint(), cut)
    total, saved = (waves(new) if len(new) else 0) + waves(z), time.monotonic()

    with run.console.bar(
        group if selection else "analyze", total=len(z), unit="vectors"
    ) as advance:

        def on_wave() -> None:
            nonlocal saved
            advance(len(z) * (first.waves + second.waves) // total, "two passes")
            if time.monotonic() - saved >= SECONDS_BETWEEN_CHECKPOINTS:
                run.work.save_checkpoint(pack(cut, first, second))
                saved = time.monotonic()

        first.on_wave = second.on_wave = on_wave
        state = known
        if len(new):
            state = summarize(new, **labels.since(covered), journal=first)
            state = state if known is None else known.merge(state)
        assert state is not None
        settings = run.settings
        statistics = describe(z, state, settings, where=labels.where, journal=second)
    attrs: dict[str, Any] = {PROVENANCE: {"labels": labels.digest(len(z))}}
    if selection is not None:
        attrs |= {"selection": selection, "query": settings.selections[selection]}
    run.work.create(group, statistics, attrs=attrs)
    return state.moments.count + state.nan_rows


def collapse_lines(store: Store) -> list[str]:
    """What a run reports of stored statistics: whether the vectors have collapsed."""
    spread = Spread.from_statistics(store.statistics)
    return list(filter(None, [spread.message if "model" in store.groups else spread.finding]))


def check_query(store: Store, *, name: str, query: str, group: str = "images") -> None:
    """Check that the stored labels can answer a query of ``analyze.selections``.

    Parameters
    ----------
    store
        A version with that group.
    name
        Name of the selection.
    query
        Query of labels.
    group
        The group that brings the labels: the images, or imported latents.

    Raises
    ------
    QueryError
        If they cannot, e.g. because a label is missing.
    """
    rows = store.group(group)
    labels, count = label_variables(rows), rows.sizes["image"]
    measured = {
        variable.name: ("image", np.zeros(count, variable.dtype))
        for variable in VARIABLES["latents"].values()
        if variable.dims == ("image",) and not variable.label
    }
    try:
        Labels(xr.Dataset(measured, coords=labels)).select(query)
    except QueryError as error:
        raise QueryError(f"analyze.selections.{name}: {error}") from None


@dataclass(frozen=True)
class _Inputs:
    """The labels that determine the statistics, besides the vectors.

    Attributes
    ----------
    attributes
        (image, attribute) bool, in memory.
    label_numbers
        The other labels that have statistics, in memory; None if there are none.
    stored
        Both, as lazy arrays for tasks.
    where
        (image,) bool, the selection; None for all images.
    """

    attributes: xr.DataArray
    label_numbers: LabelNumbers | None
    stored: tuple[da.Array, LabelNumbers | None]
    where: NDArray[np.bool_] | None

    @property
    def columns(self) -> tuple[LabelColumn, ...]:
        """The labels of `label_numbers`."""
        return () if self.label_numbers is None else self.label_numbers.columns

    def since(self, start: int) -> dict[str, Any]:
        """Arguments of `summarize` from row `start` on; the labels are lazy."""
        flags, label_numbers = self.stored
        return {
            "attributes": self.attributes[start:].copy(data=flags[start:]),
            "label_numbers": None if label_numbers is None else label_numbers[start:],
            "where": None if self.where is None else self.where[start:],
        }

    def digest(self, rows: int) -> str:
        """Hash of the labels that determine the statistics of the first rows.

        A category that is new in later rows does not change it.
        """
        content = sha256(repr(self.attributes["attribute"].values.tolist()).encode())
        content.update(np.packbits(self.attributes.values[:rows]).tobytes())
        if self.where is not None:
            content.update(np.packbits(self.where[:rows]).tobytes())
        for number, column in enumerate(self.columns):
            assert self.label_numbers is not None
            content.update(repr((column.name, column.kind)).encode())
            values = self.label_numbers.values[:rows, number]
            if column.categories:
                hashed = [sha256(text.encode()).digest()[:8] for text in ("", *column.categories)]
                codes = np.nan_to_num(values, nan=-1).astype(np.int64) + 1
                values = np.frombuffer(b"".join(hashed), np.uint64)[codes]
            content.update(np.ascontiguousarray(values).tobytes())
        return content.hexdigest()[:16]


def _inputs(run: StageRun[AnalyzeConfig], selection: str | None) -> _Inputs:
    latents, where = run.store.latents, None
    labels = Labels(latents)
    if selection is not None:
        query = run.settings.selections[selection]
        where = labels.select(query)
        if not where.any():
            raise AnalyzeError(
                f"analyze.selections.{selection} ({query}) selects none of the {len(where):,} "
                "vectors: widen the query, or remove the selection."
            )
    stored = _lazy(run.store, labels, latents["z"].data)
    return _Inputs(labels.table, labels.as_numbers, stored, where)


def _lazy(store: Store, labels: Labels, z: da.Array) -> tuple[da.Array, LabelNumbers | None]:
    """Attributes and other labels as arrays that tasks read from the store."""

    def array(table: LabelTable) -> da.Array:
        chunks = (z.chunks[0], table.shape[1:])
        return da.from_array(table, chunks, lock=False, inline_array=True)

    place = (store.root, store.version, "latents")
    names = tuple(map(str, labels.table["attribute"].values))
    columns, label_numbers = labels.columns, None
    if columns:
        own = tuple(column.name for column in columns)
        label_numbers = LabelNumbers(columns, array(LabelNumberTable(*place, own, len(z), columns)))
    return array(LabelTable(*place, names, len(z))), label_numbers


def _known(run: StageRun[AnalyzeConfig], group: str, labels: _Inputs) -> tuple[int, State | None]:
    """Number of leading vectors that the stored state covers, and that state."""
    previous, latents = run.previous(group), run.store.latents
    if previous is None:
        return 0, None
    now, before = provenance_of(latents.attrs), provenance_of(previous.attrs)
    origin = before["inputs"]["latents"]
    lengths = {**now["grown_from"], now["fingerprint"]: latents.sizes["image"]}
    covered = lengths.get(origin, 0)
    if not covered or before["labels"] != labels.digest(covered):
        return 0, None
    return covered, State.from_dataset(previous)
