"""The analysis of as many stored vectors as CelebA has, against peers and against reading."""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import dask
import dask.array as da
import icechunk
import numpy as np
import xarray as xr
from dask_ml.decomposition import IncrementalPCA
from distributed import Client

from tests.benchmarks.measure import Figure, paired
from tests.conftest import SilentConsole
from zpoints.cluster.compute.client import dask_client
from zpoints.pipeline.analyze import AnalyzeConfig, analyze, describe, summarize
from zpoints.pipeline.analyze.kernels.sums import centre
from zpoints.pipeline.analyze.states import moments
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.labels import Labels
from zpoints.pipeline.stage_run import chunk_bounds
from zpoints.storage import Block, Store, open_repository
from zpoints.storage.rows import LabelTable

VECTORS, COMPONENTS, CHUNK, BINS, CORES, ATTRIBUTES = 202_599, 256, 2048, 100, 2, 40


def figures(scratch: Path) -> Iterator[Figure]:
    """Vectors per second on two cores, reading included."""
    store = stored_vectors(str(scratch / "latents"), VECTORS)
    with dask_client(ClusterConfig(workers=CORES), SilentConsole()):
        z, labels = store.latents["z"].data, labels_of(store)
        state = summarize(z, attributes=labels)
        row = partial(paired, work=VECTORS, unit="vectors/s")

        def first_pass(vectors: da.Array = z) -> None:
            summarize(vectors, attributes=labels).moments.basis()

        def first_pass_with_numpy() -> None:
            with patch.object(moments, "add_comoment", _numpy_comoment):
                first_pass()

        yield row(
            "first pass with PCA / dask-ml IncrementalPCA, da.histogram, da.corrcoef",
            first_pass,
            partial(_dask_ml, z, state.grid.minimum, state.grid.maximum),
            floor=80,
            rounds=2,
            before=first_pass,  # the peer leaves much memory to free
        )
        second_pass = partial(describe, z, state)
        usual = _opened_by_xarray(store)
        yield row("reading the array / by xarray.open_zarr", z.compute, usual.compute, floor=1.0)
        by_xarray = partial(row, peer=usual.compute, rounds=11)
        yield by_xarray("first pass with PCA / reading by xarray.open_zarr", first_pass, floor=0.5)
        yield by_xarray("second pass / reading by xarray.open_zarr", second_pass, floor=0.4)
        own_code = partial(row, ours=first_pass, floor=1.0, rounds=11)
        for name, peer in {
            "read by xarray.open_zarr": partial(first_pass, usual),
            "read by it in tasks as large": partial(first_pass, _opened_by_xarray(store, z)),
            "with NumPy's matrix product": first_pass_with_numpy,
        }.items():
            yield own_code(f"first pass with PCA / the same {name}", peer=peer)
        # The floors are lower here: every gain in reading is a loss in these rows.
        reading = partial(row, peer=z.compute, rounds=11)
        yield reading("first pass with PCA / reading by store.latents", first_pass, floor=0.4)
        yield reading("second pass / reading by store.latents", second_pass, floor=0.3)
        yield row(
            "analysis, two passes / NumPy moments, eigh, histograms",
            lambda: analyze(z, AnalyzeConfig(bins=BINS)),
            partial(_numpy, store),
            floor=1.0,
            rounds=3,
        )
    yield _two_processes(stored_vectors(str(scratch / "more"), 4 * VECTORS))


def _opened_by_xarray(store: Store, like: da.Array | None = None) -> da.Array:
    """The vectors by xarray: a task per stored chunk, or tasks as large as those of `like`."""
    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(store.root))
    session = repository.readonly_session(snapshot_id=store.version)
    chunks = {} if like is None else {"image": like.chunks[0][0]}
    latents = xr.open_zarr(session.store, group="latents", consolidated=False, chunks=chunks)
    opened: da.Array = latents["z"].data
    return opened


def _numpy_comoment(x: np.ndarray, mean: np.ndarray, comoment: np.ndarray) -> None:
    """`add_comoment` with the product of each block of rows by NumPy."""
    deviations = np.empty((min(384, len(x)), x.shape[1]))
    for start in range(0, len(x), len(deviations) or 1):
        part = x[start : start + len(deviations)]
        centre(part, mean, deviations)
        block = deviations[: len(part)]
        comoment += block.T @ block


def _dask_ml(z: da.Array, low: np.ndarray, high: np.ndarray) -> None:
    """The results of the first pass by dask-ml and Dask, which are given the ranges."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it divides by zero
        IncrementalPCA(n_components=COMPONENTS).fit(z)
        ranges = zip(low, high, strict=True)
        counts = [da.histogram(z[:, j], bins=BINS, range=each)[0] for j, each in enumerate(ranges)]
        dask.compute(*counts, da.corrcoef(z, rowvar=False))


def _numpy(store: Store) -> None:
    wide = np.asarray(store.array("latents", "z")[:]).astype(np.float64)
    np.linalg.eigh(np.cov(wide, rowvar=False))
    for component in wide.T:
        np.histogram(component, bins=BINS)


def _two_processes(store: Store) -> Figure:
    """Two worker processes against one, on the same store and in turn."""
    z = store.latents["z"].data

    def described_by(client: Client) -> None:
        with client.as_current():
            analyze(z)

    def workers(count: int) -> AbstractContextManager[Client]:
        return dask_client(ClusterConfig(workers=count, processes=True), SilentConsole())

    with workers(1) as one, workers(2) as two:
        return paired(
            "two worker processes / one",
            partial(described_by, two),
            partial(described_by, one),
            work=len(z),
            unit="vectors/s",
            floor=1.6,
        )


def labels_of(store: Store) -> xr.DataArray:
    """The attributes of a store's latents as tasks read them."""
    table = Labels(store.latents).table
    names = tuple(map(str, table["attribute"].values))
    stored = LabelTable(store.root, store.version, "latents", names, len(table))
    chunks = (store.latents["z"].chunks[0], len(names))
    return table.copy(data=da.from_array(stored, chunks, lock=False, inline_array=True))


def stored_vectors(root: str, count: int) -> Store:
    """Correlated normal vectors with attributes, published as latents."""
    repository = open_repository(root)
    work = repository.begin(stage="encode", fingerprint="bench", groups=("latents",))
    z = da.zeros((count, COMPONENTS), dtype=np.float32, chunks=(CHUNK, COMPONENTS))
    flags = np.random.default_rng(2).random((ATTRIBUTES, count)) < 0.2
    labels = {f"attribute_{k}": ("image", row) for k, row in enumerate(flags)}
    labels["image"] = ("image", np.arange(count).astype(str).astype(object))
    work.create("latents", xr.Dataset({"z": (("image", "component"), z)}, labels))
    blocks = [
        Block(start, stop, partial(_drawn, start, stop))
        for start, stop in chunk_bounds(count, CHUNK)
    ]
    work.write_chunks("latents", blocks)
    work.publish(message="bench", rows=count)
    return repository.store()


def _drawn(start: int, stop: int) -> dict[str, np.ndarray]:
    mixing = np.random.default_rng(0).normal(size=(COMPONENTS, COMPONENTS)) / 16
    rows = np.random.default_rng([1, start]).normal(size=(stop - start, COMPONENTS))
    return {"z": (rows @ mixing + 0.1).astype(np.float32)}
