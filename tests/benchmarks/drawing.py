"""Drawing latent vectors on one core, 256 components: against a literal sweep and bare NumPy."""

import resource
import time
from collections.abc import Callable, Iterator
from random import Random

import dask.array as da
import numpy as np
import xarray as xr

from pipeline.analyze import analyze
from pipeline.analyze.blas import single_threaded_blas
from pipeline.sample import draw_rows, generator
from tests.benchmarks.measure import Figure, paired

LATENTS, COMPONENTS, VECTORS, CHUNK = 4096, 256, 20_480, 512
SWEPT = 20
"""Vectors of the literal sweep, which makes some 20 a second."""
MILLION = 1_000_000
BOUND = 64.0
"""MiB by which the process may grow while it draws a million vectors chunk by chunk."""


def figures() -> Iterator[Figure]:
    """Vectors per second, and the growth of the process."""
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((COMPONENTS, COMPONENTS)) / 16
    latents = da.random.default_rng(0).normal(size=(LATENTS, COMPONENTS)) @ mixing
    statistics = analyze(latents.persist())
    swept = _rate(lambda: [_literal_sweep(Random(seed)) for seed in range(SWEPT)], SWEPT)
    for law, floor in (("pairwise", 500), ("uniform", 5000), ("normal", 1000)):
        # PCA coordinates alone, as the sweep makes them; the next figure has z as well.
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
    grown = _growth(_drawing(statistics, "ellipse", MILLION, K=COMPONENTS))
    name = f"{BOUND:g} MiB / growth with a million vectors"
    yield Figure(name, grown, BOUND, BOUND / max(grown, 1.0), "MiB", 1)


def _drawing(statistics: xr.Dataset, name: str, n: int, **parameters: object) -> Callable[[], None]:
    sampler = generator(name, **parameters).fit(statistics)

    def drawing() -> None:
        for start in range(0, n, CHUNK):
            draw_rows(sampler, statistics, 0, start, start + CHUNK)

    return drawing


def _literal_sweep(rng: Random) -> list[float]:
    """The source's procedure word for word, for one vector."""
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


def _growth(call: Callable[[], object]) -> float:
    """MiB by which the peak resident memory of the process grows."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    call()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
