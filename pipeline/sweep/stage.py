"""The stage sweep: one task per point of the grid."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product

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
from zpoints.pipeline.sample import draw_rows, generator
from zpoints.pipeline.spread import Spread
from zpoints.pipeline.stage_run import StageRun
from zpoints.pipeline.sweep.config import SweepConfig
from zpoints.storage import Block
from zpoints.storage.arrays.layout import unwritten
from zpoints.storage.rows import Rows
from zpoints.storage.schema.quality import MEASURES
from zpoints.storage.store import LEFT_OUT

SWEEP = "sweep"
COMPONENTS = (20, 50, 80, 120, 180, 256)
SWEPT = tuple(m for m in MEASURES if m.swept)


@dataclass(frozen=True)
class Point:
    """One choice of the parameters of `ellipse`."""

    law: str
    K: int
    fact: float


def sweep(run: StageRun[SweepConfig]) -> int:
    """Measure the quality of `ellipse` at every point of the grid; returns their number."""
    config, store = run.settings, run.store
    try:
        grid = points(config, store.statistics)
    except SampleError as error:
        if not Spread.from_statistics(store.statistics).collapsed:
            raise
        run.console.line(f"The sweep is left out. {error}")
        attrs = {"count": 0, "held_out": "", LEFT_OUT: str(error)}
        run.work.create(SWEEP, _template([]), attrs=attrs)
        return 0
    held_out = choose_held_out(
        store.latents, config.count, fewest=2 * (config.neighbours + 1), seed=config.seed
    )
    reference = np.sort(held_out.reference)
    run.work.create(
        SWEEP,
        _template(grid),
        attrs={"count": len(reference), "held_out": held_out.kind},
    )
    measure = partial(_measure, store.root, store.version, config, run.code, reference)
    blocks = [Block(k, k + 1, partial(measure, point)) for k, point in enumerate(grid)]
    with run.console.bar(SWEEP, total=len(grid), unit="points") as advance:
        run.work.write_chunks(SWEEP, blocks, on_progress=lambda done: advance(done, ""))
    return len(grid)


def points(config: SweepConfig, statistics: xr.Dataset) -> list[Point]:
    """The grid: every factor for each K of each law.

    Raises
    ------
    SampleError
        If the latent vectors vary along fewer principal components than `sweep.K` keeps.
    """
    components = config.K
    varying = Basis.from_statistics(statistics).rank
    if varying == 0:
        raise SampleError("The latent vectors are all equal: no component varies.")
    if components and max(components) > varying:
        raise SampleError(
            f"sweep.K asks for {max(components)} principal components, but the latent vectors "
            f"vary along {varying} only: lower it to at most {varying}, or leave it out."
        )
    if components is None:
        components = (*(k for k in COMPONENTS if k < varying), varying)
    return [Point(*choice) for choice in product(config.laws, components, config.fact)]


def _measure(
    root: str,
    version: str,
    config: SweepConfig,
    code: tuple[str, ...],
    reference: NDArray[np.int64],
    point: Point,
) -> Mapping[str, np.ndarray]:
    """One task: draw as many vectors as photographs, decode and re-encode them, compare."""
    statistics = stored_statistics(root, version)
    sampler = generator("ellipse", law=point.law, K=point.K, fact=point.fact).fit(statistics)
    z, _ = draw_rows(sampler, Basis.from_statistics(statistics), config.seed, 0, len(reference))
    remedy = "Set sweep.device to cpu."
    with task_network(root, version, config.device, remedy=remedy, code=code) as network:
        images = network.decode(z)
        reencoded = network.encode(images, batch=BATCH)["z"]
    batch = Batch(
        config=EvaluateConfig(seed=config.seed, neighbours=config.neighbours),
        statistics=statistics,
        z=z,
        images=images,
        reencoded=reencoded,
        decoded=True,
    )
    measured = _measured(batch, partial(Rows, root, version), reference, faces=config.faces)
    return {name: np.array([value]) for name, value in measured.items()}


def _measured(
    batch: Batch, rows: Callable[[str, str], Rows], reference: NDArray[np.int64], *, faces: bool
) -> Measured:
    """The measures of one point; the face rate is NaN where it was not asked for."""
    comparison = Comparison(
        config=batch.config,
        latents=lambda: (rows("latents", "z").take(reference), batch.reencoded),
        images=lambda: (rows("images", "pixels").take(reference), batch.images),
        statistics=batch.statistics,
    )
    chosen = [m for m in SWEPT if faces or m.name != "face_rate"]
    measured = {} if faces else with_error("face_rate", UNKNOWN)
    measured |= average(measure_images(batch, chosen), chosen)
    for file in set_files(chosen):
        measured |= measure_set(file, comparison)
    return measured


def _template(grid: list[Point]) -> xr.Dataset:
    names = (key for m in SWEPT for key in (m.name, f"{m.name}_error"))
    return xr.Dataset(
        {name: unwritten("point", (len(grid),), np.float64, chunk=1) for name in names},
        coords={
            "law": ("point", np.array([point.law for point in grid], dtype=object)),
            "K": ("point", np.array([point.K for point in grid], dtype=np.int64)),
            "fact": ("point", np.array([point.fact for point in grid])),
        },
    )
