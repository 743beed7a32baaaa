"""Drawing latent vectors on one core, 256 components: against a literal sweep and bare NumPy.

A separate process measures the memory of each law:

    python -m tests.benchmarks.drawing ellipsoid
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import dask.array as da
import numpy as np
import xarray as xr

from tests.benchmarks.measure import Figure, paired, peak_gib
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.sample import draw_rows, generator

LATENTS, COMPONENTS, VECTORS, CHUNK = 4096, 256, 20_480, 512
SWEPT = 20
"""Vectors of the literal sweep, which draws about 20 a second."""
LAWS = {
    "uniform": {},
    "gaussian": {},
    "multivariate_normal": {},
    "ellipse": {"K": COMPONENTS},
    "ellipsoid": {},
    "elliptical": {},
}
MILLION = 1_000_000
BOUND = 64.0
"""MiB by which a process may grow while it draws a million vectors chunk by chunk."""


def figures() -> Iterator[Figure]:
    """Vectors per second, and the growth of processes."""
    rng, statistics = np.random.default_rng(0), _statistics()
    swept = _rate(lambda: [_literal_sweep(Random(seed)) for seed in range(SWEPT)], SWEPT)
    for law, floor in (("pairwise", 500), ("uniform", 5000), ("normal", 1000)):
        # PCA coordinates only, as the sweep draws them; the next figure includes z.
        sampler = generator("ellipse", K=COMPONENTS, law=law).fit(statistics)
        blocks = [range(start, start + CHUNK) for start in range(0, VECTORS, CHUNK)]
        sampler.draw(rng, blocks[0])
        ours = _rate(lambda s=sampler, b=blocks: [s.draw(rng, block) for block in b], VECTORS)
        name = f"ellipse {law} / literal sweep"
        yield Figure(name, ours, swept, ours / swept, "vectors/s", floor)

    mean = statistics["mean"].values
    root = np.linalg.cholesky(statistics["covariance"].values).T

    def bare() -> None:
        rng = np.random.default_rng(1)
        with single_threaded_blas():
            for _ in range(0, VECTORS, CHUNK):
                rng.standard_normal((CHUNK, COMPONENTS)) @ root + mean

    yield paired(
        "multivariate_normal / normals times a matrix",
        _drawing(statistics, "multivariate_normal", VECTORS),
        bare,
        work=VECTORS,
        unit="vectors/s",
        floor=1 / 1.5,
    )
    grown = max(_growth_in_new_process(law) for law in LAWS)
    name = f"{BOUND:g} MiB / growth with a million vectors of any law"
    yield Figure(name, grown, BOUND, BOUND / max(grown, 1.0), "MiB", 1)


def _statistics() -> xr.Dataset:
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((COMPONENTS, COMPONENTS)) / 16
    latents = da.random.default_rng(0).normal(size=(LATENTS, COMPONENTS)) @ mixing
    return analyze(latents.persist())


def _drawing(statistics: xr.Dataset, name: str, n: int, **parameters: object) -> Callable[[], None]:
    sampler = generator(name, **parameters).fit(statistics)
    basis = Basis.from_statistics(statistics)

    def drawing() -> None:
        for start in range(0, n, CHUNK):
            draw_rows(sampler, basis, 0, start, start + CHUNK)

    return drawing


def _literal_sweep(rng: Random) -> list[float]:
    """The procedure of the source, taken literally, for one vector."""
    u = [rng.uniform(-1, 1) for _ in range(COMPONENTS)]
    pairs = [(i, j) for i in range(COMPONENTS) for j in range(i)]
    rng.shuffle(pairs)
    for kept, other in pairs:
        if u[kept] ** 2 + u[other] ** 2 > 1:
            if rng.random() < 0.5:
                kept, other = other, kept
            allowed = (1 - u[kept] ** 2) ** 0.5
            u[other] = rng.uniform(-allowed, allowed)
    return u


def _rate(call: Callable[[], object], work: int) -> float:
    started = time.perf_counter()
    call()
    return work / (time.perf_counter() - started)


def _growth_in_new_process(law: str) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.drawing", law]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)


def _growth(law: str) -> float:
    """MiB by which the peak of this process grows with a million vectors after the first ones."""
    statistics = _statistics()
    _drawing(statistics, law, 2 * CHUNK, **LAWS[law])()
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = peak_gib()
    _drawing(statistics, law, MILLION, **LAWS[law])()
    return 1024 * (peak_gib() - before)


if __name__ == "__main__":
    print(_growth(sys.argv[1]))  # noqa: T201
