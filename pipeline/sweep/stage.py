"""The stage sweep: one task per point of the grid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.evaluate.config import EvaluateConfig
from zpoints.pipeline.evaluate.dispatch import (
    Measured,
    average,
    measure_images,
    measure_set,
    set_files,
    with_error,
)
from zpoints.pipeline.evaluate.estimate import UNKNOWN
from zpoints.pipeline.evaluate.held_out import choose_held_out
from zpoints.pipeline.evaluate.inputs import Batch, Comparison
from zpoints.pipeline.evaluate.subject import BATCH, stored_statistics
from zpoints.pipeline.network.serving import task_network
from zpoints.pipeline.network.stored import stored_architecture
from zpoints.pipeline.sample import Generator, Sampler, draw_rows
from zpoints.pipeline.sample.stored_fit import fit_to_store
from zpoints.pipeline.spread import Spread
from zpoints.pipeline.stage_run import StageRun
from zpoints.pipeline.sweep.config import SweepConfig
from zpoints.pipeline.sweep.grid import Grid, column, grid_laws, plain
from zpoints.storage import Block, Store, open_store
from zpoints.storage.arrays.layout import unwritten
from zpoints.storage.rows import Rows
from zpoints.storage.schema.quality import MEASURES, Measure
from zpoints.storage.store import LEFT_OUT

SWEEP = "sweep"
SWEPT = tuple(m for m in MEASURES if m.swept)


def sweep(run: StageRun[SweepConfig]) -> int:
    """Measure the quality of a generator at every point of the grid; returns their number."""
    config, store = run.settings, run.store
    grid: Grid = {}
    try:
        grid = config.grid_for(_varying(store, config))
        laws = tuple(grid_laws(config.generator, config.parameters, grid))
        _require_fits(store, laws, grid)
    except SampleError as error:
        described = {law.reads[0] for law in config.known_laws}
        if not any(Spread.from_statistics(store.group(name)).collapsed for name in described):
            raise
        run.console.line(f"The sweep is left out. {error}")
        attrs = {"count": 0, "held_out": "", LEFT_OUT: str(error)}
        run.work.create(SWEEP, _template(run, grid, (), config.images), attrs=attrs)
        return 0
    held_out = choose_held_out(
        store.latents, config.count, fewest=2 * (config.neighbours + 1), seed=config.seed
    )
    reference = np.sort(held_out.reference)
    run.work.create(
        SWEEP,
        _template(run, grid, laws, min(config.images, len(reference))),
        attrs={
            "count": len(reference),
            "held_out": held_out.kind,
            "generator": config.generator,
            "parameters": fixed_parameters(config),
            "varied": list(grid),
        },
    )
    task = Task(store.root, store.version, config, run.code, run.has_network, tuple(grid))
    blocks = [Block(k, k + 1, partial(task.measure, reference, law)) for k, law in enumerate(laws)]
    with run.console.bar(SWEEP, total=len(laws), unit="points") as advance:
        run.work.write_chunks(SWEEP, blocks, on_progress=lambda done: advance(done, ""))
    return len(laws)


def why_left_out(store: Store) -> list[str]:
    """What a run reports of a stored sweep: why there is none."""
    reason = store.why_left_out(SWEEP)
    return [f"The sweep is left out. {reason}"] if reason else []


def fixed_parameters(config: SweepConfig) -> dict[str, object]:
    """All parameters of the generator that stay the same, with their defaults, as JSON values."""
    law = config.known_laws[0]
    varied = config.grid_for(1)
    return {n: plain(law, n) for n in type(law).model_fields if n not in (*varied, "generator")}


def _varying(store: Store, config: SweepConfig) -> int:
    """Number of principal components that vary.

    Raises
    ------
    SampleError
        If there is none, and the grid follows from it.
    """
    varying = Basis.from_statistics(store.statistics).rank
    if varying == 0 and config.grid is None:
        raise SampleError("The latent vectors are all equal: no component varies.")
    return varying


def _require_fits(store: Store, laws: Iterable[Generator], grid: Grid) -> None:
    """Refuse at once what can't be fitted, as far as the statistics alone tell.

    Raises
    ------
    SampleError
        If the statistics do not support the parameters of a point.
    """
    for law in laws:
        if len(law.reads) == 1:
            _fit(law, store, grid)


def _fit(law: Generator, store: Store, varied: Iterable[str]) -> tuple[Sampler, xr.Dataset]:
    try:
        return fit_to_store(law, store)
    except SampleError as error:
        point = ", ".join(f"{name} = {plain(law, name)}" for name in varied)
        raise SampleError(f"sweep.grid, at {point}: {error}") from None


@dataclass(frozen=True)
class Task:
    """What the tasks of all points share.

    Attributes
    ----------
    root, version
        Root and version of the store.
    config
        The section `sweep`.
    code
        As in `StageRun`.
    has_network
        Whether a network codes the vectors; else they are judged themselves.
    varied
        Names of the parameters that vary.
    """

    root: str
    version: str
    config: SweepConfig
    code: tuple[str, ...]
    has_network: bool
    varied: tuple[str, ...]

    def measure(self, reference: NDArray[np.int64], law: Generator) -> Mapping[str, np.ndarray]:
        """Draw as many vectors as photographs, decode and encode them again, compare: one task.

        Parameters
        ----------
        reference
            int64 (row): the rows of the photographs, or of held-out vectors.
        law
            The generator at the point.

        Returns
        -------
        dict
            The variables of the point, with a leading dimension of length one.
        """
        z = self._drawn(law, len(reference))
        images, reencoded = np.empty((len(z), 0, 0, 0), np.uint8), z
        if self.has_network:
            remedy = "Set sweep.device to cpu."
            with task_network(
                self.root, self.version, self.config.device, remedy=remedy, code=self.code
            ) as network:
                images = network.decode(z)
                reencoded = network.encode(images, batch=BATCH)["z"]
        batch = Batch(
            config=EvaluateConfig(seed=self.config.seed, neighbours=self.config.neighbours),
            statistics=stored_statistics(self.root, self.version),
            z=z,
            images=images,
            reencoded=reencoded,
            decoded=self.has_network,
        )
        found = {
            name: np.array([value]) for name, value in self._measured(batch, reference).items()
        }
        return found | ({"pixels": images[None, : self.config.images]} if self.has_network else {})

    def _drawn(self, law: Generator, count: int) -> NDArray[np.float32]:
        store = open_store(self.root, version=self.version)
        sampler, statistics = _fit(law, store, self.varied)
        return draw_rows(sampler, Basis.from_statistics(statistics), self.config.seed, 0, count)[0]

    def _measured(self, batch: Batch, reference: NDArray[np.int64]) -> Measured:
        """The measures of the point; the face rate is NaN where it was not asked for."""
        rows = partial(Rows, self.root, self.version)
        comparison = Comparison(
            config=batch.config,
            latents=lambda: (rows("latents", "z").take(reference), batch.reencoded),
            images=lambda: (rows("images", "pixels").take(reference), batch.images),
            statistics=batch.statistics,
        )
        made = swept_measures(images=self.has_network)
        chosen = [m for m in made if self.config.faces or m.name != "face_rate"]
        measured: Measured = {}
        for measure in made:
            if measure not in chosen:
                measured |= with_error(measure.name, UNKNOWN)
        measured |= average(measure_images(batch, chosen), chosen)
        for file in set_files(chosen):
            measured |= measure_set(file, comparison)
        return {name: measured[name] for m in made for name in m.stored_as}


def swept_measures(*, images: bool) -> tuple[Measure, ...]:
    """The measures of every point; of vectors alone if these do not decode to images."""
    return tuple(m for m in SWEPT if images or m.of_vectors)


def _template(
    run: StageRun[SweepConfig], grid: Grid, laws: Sequence[Generator], images: int
) -> xr.Dataset:
    points = len(laws)
    measures = swept_measures(images=run.has_network)
    found = {
        name: unwritten("point", (points,), np.float64, chunk=1)
        for measure in measures
        for name in measure.stored_as
    }
    if run.has_network:
        a = stored_architecture(run.store.model)
        shape = (points, images, a.side, a.side, a.channels)
        dims = ("point", "image", "y", "x", "channel")
        found["pixels"] = unwritten(dims, shape, np.uint8, chunk=1)
    parameters = {
        name: ("point", column(laws, name), {"long_name": _meaning(laws[0], name)})
        for name in grid
        if laws
    }
    return xr.Dataset(found, coords=parameters)


def _meaning(law: Generator, name: str) -> str:
    return str(type(law).model_fields[name].description or name)
