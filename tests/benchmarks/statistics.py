"""The analysis of as many vectors as CelebA has, against plain NumPy in float64."""

from collections.abc import Iterator

import dask.array as da
import numpy as np

from cluster.local import local_cluster
from pipeline.analyze import AnalyzeConfig, analyze
from pipeline.config import ClusterConfig
from tests.benchmarks.measure import Figure, paired

VECTORS, COMPONENTS, CHUNK, BINS, CORES = 202_599, 256, 2048, 100, 2


def figures() -> Iterator[Figure]:
    """Vectors per second, on two cores each."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(COMPONENTS, COMPONENTS)) / 16
    z = (rng.normal(size=(VECTORS, COMPONENTS)) @ mixing + 0.1).astype(np.float32)
    chunked = da.from_array(z, chunks=(CHUNK, COMPONENTS))

    def bare() -> None:
        wide = z.astype(np.float64)
        np.linalg.eigh(np.cov(wide, rowvar=False))
        for component in wide.T:
            np.histogram(component, bins=BINS)

    with local_cluster(ClusterConfig(workers=CORES)):
        yield paired(
            "analysis, two passes / NumPy moments, eigh, histograms",
            lambda: analyze(chunked, AnalyzeConfig(bins=BINS)),
            bare,
            work=VECTORS,
            unit="vectors/s",
            floor=1.0,
            rounds=3,
        )
