"""The analysis of as many stored vectors as CelebA has, against plain NumPy in float64."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import dask.array as da
import numpy as np
import xarray as xr

from cluster.connect import dask_client
from pipeline.analyze import AnalyzeConfig, analyze
from pipeline.cluster_config import ClusterConfig
from pipeline.stage import chunk_bounds
from storage import Block, Store, open_repository
from tests.benchmarks.measure import Figure, paired
from tests.conftest import SilentConsole

VECTORS, COMPONENTS, CHUNK, BINS, CORES = 202_599, 256, 2048, 100, 2


def figures(scratch: Path) -> Iterator[Figure]:
    """Vectors per second, on two cores each, reading included."""
    with dask_client(ClusterConfig(workers=CORES), SilentConsole()):
        store = _store(str(scratch / "latents"))
        array = store.array("latents", "z")

        def bare() -> None:
            wide = np.asarray(array[:]).astype(np.float64)
            np.linalg.eigh(np.cov(wide, rowvar=False))
            for component in wide.T:
                np.histogram(component, bins=BINS)

        yield paired(
            "analysis, two passes / NumPy moments, eigh, histograms",
            lambda: analyze(store.latents["z"].data, AnalyzeConfig(bins=BINS)),
            bare,
            work=VECTORS,
            unit="vectors/s",
            floor=1.0,
            rounds=3,
        )


def _store(root: str) -> Store:
    """Correlated normal vectors, published as latents."""
    repository = open_repository(root)
    work = repository.begin(stage="encode", fingerprint="bench", groups=("latents",))
    z = da.zeros((VECTORS, COMPONENTS), dtype=np.float32, chunks=(CHUNK, COMPONENTS))
    names = np.arange(VECTORS).astype(str).astype(object)
    work.create(
        "latents", xr.Dataset({"z": (("image", "component"), z)}, {"name": ("image", names)})
    )
    blocks = [
        Block(start, stop, partial(_drawn, start, stop))
        for start, stop in chunk_bounds(VECTORS, CHUNK)
    ]
    work.write_chunks("latents", blocks)
    work.publish(message="bench", rows=VECTORS)
    return repository.store()


def _drawn(start: int, stop: int) -> dict[str, np.ndarray]:
    mixing = np.random.default_rng(0).normal(size=(COMPONENTS, COMPONENTS)) / 16
    rows = np.random.default_rng([1, start]).normal(size=(stop - start, COMPONENTS))
    return {"z": (rows @ mixing + 0.1).astype(np.float32)}
