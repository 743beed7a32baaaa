"""Size of the graphs that an analysis sends to the workers: a few MiB for any number of chunks."""

from dataclasses import replace
from typing import Any

import cloudpickle
import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr

from zpoints.pipeline.analyze import State, describe, summarize
from zpoints.pipeline.analyze.reduction import WAVE, box
from zpoints.storage.rows import LabelTable


class Far:
    """An array without data, which no task may read."""

    shape, dtype, ndim = (10_000 * 2048, 256), np.dtype(np.float32), 2

    def __getitem__(self, index: tuple) -> np.ndarray:
        raise AssertionError("read")


def test_summarize__sends_no_large_graph_for_10_000_chunks() -> None:
    z = da.from_array(Far(), chunks=(2048, 256), lock=False, inline_array=True)
    table = LabelTable("root", "version", "latents", tuple(map(str, range(40))), len(z))
    flags = da.from_array(table, chunks=(2048, 40), lock=False, inline_array=True)
    labels = xr.DataArray(flags, dims=("image", "attribute"), coords={"attribute": [*table.names]})
    sent: list[int] = []

    def send(dsk: Any, keys: Any, **_: Any) -> Any:
        sent.append(len(cloudpickle.dumps(dict(dsk.optimize().__dask_graph__()))))
        return [box(State.empty(256, table.names)) for _ in keys]

    with dask.config.set(scheduler=send):
        summarize(z, attributes=labels, where=np.ones(len(z), bool))

    assert len(sent) == -(-10_000 // WAVE)
    assert max(sent) < 4 * 2**20


@pytest.mark.slow
def test_describe__sends_no_large_graph_for_10_000_chunks() -> None:
    z = da.from_array(Far(), chunks=(2048, 256), lock=False, inline_array=True)
    vectors = np.random.default_rng(7).normal(size=(300, 256)).astype(np.float32)
    state = replace(State.from_vectors(vectors), nan_rows=len(z) - 300)
    sent: list[int] = []

    def send(dsk: Any, keys: Any, **_: Any) -> Any:
        sent.append(len(cloudpickle.dumps(dict(dsk.optimize().__dask_graph__()))))
        raise InterruptedError  # after the first wave, which carries the shared arguments

    with dask.config.set(scheduler=send), pytest.raises(InterruptedError):
        describe(z, state, where=np.ones(len(z), bool))

    assert max(sent) < 4 * 2**20
