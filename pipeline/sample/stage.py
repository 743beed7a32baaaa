"""The graph of the sampling: one task per chunk of vectors, drawn and decoded in one go."""

from functools import lru_cache, partial
from threading import Lock
from typing import Literal

import numpy as np
import xarray as xr

from pipeline.decode.kernels import decode_batches
from pipeline.sample import Parameters, Sampler, draw_rows, sample_attrs
from pipeline.sample.errors import SampleError
from pipeline.stage import StageRun, chunk_bounds
from pipeline.train.device import choose_device, single_torch_thread
from pipeline.train.model import Architecture
from pipeline.train.weights import load_model
from storage import Block, open_store
from storage.groups import unwritten

_FITTING = Lock()


def group_of(name: str) -> str:
    """The store's group for the samples of a configured generator."""
    return f"samples/{name}"


def sample(run: StageRun, *, name: str) -> int:
    """Draw and decode the vectors of one configured generator; returns how many."""
    config, store = run.config.sample, run.store
    parameters = config.generators[name]
    try:
        fitted, statistics = _fitted(store.root, store.version, parameters)
    except SampleError as error:
        raise SampleError(f"sample.generators.{name}: {error}") from error
    if remark := parameters.remark(statistics):
        run.console.line(f"sample.generators.{name}: {remark}.")
    count = parameters.size or config.count
    run.work.create(
        group_of(name),
        _template(Architecture(**store.model.attrs["architecture"]), count, config.chunk),
        attrs=sample_attrs(parameters, fitted, config.seed),
    )
    rows = partial(_sample_rows, store.root, store.version, parameters, config.seed, config.device)
    blocks = [
        Block(start, stop, partial(rows, start, stop))
        for start, stop in chunk_bounds(count, config.chunk)
    ]
    with run.console.bar(name, total=count, unit="samples") as advance:
        run.work.write_chunks(group_of(name), blocks, on_progress=lambda done: advance(done, ""))
    return count


def _sample_rows(
    root: str,
    version: str,
    parameters: Parameters,
    seed: int,
    device: Literal["auto", "cpu", "cuda"],
    start: int,
    stop: int,
) -> dict[str, np.ndarray]:
    """One task; a single torch thread, since as many tasks run at once as there are cores."""
    fitted, statistics = _fitted(root, version, parameters)
    z, v = draw_rows(fitted, statistics, seed, start, stop)
    with single_torch_thread():
        model = load_model(root, version, choose_device(device))
        return {"z": z, "v": v, "image": decode_batches(model, z)}


def _fitted(root: str, version: str, parameters: Parameters) -> tuple[Sampler, xr.Dataset]:
    """A generator fitted to what it reads of a version, once per process whatever its threads."""
    with _FITTING:
        return _fit(root, version, parameters)


@lru_cache(maxsize=4)
def _fit(root: str, version: str, parameters: Parameters) -> tuple[Sampler, xr.Dataset]:
    store = open_store(root, version=version)
    described, *others = parameters.reads
    statistics = store.group(described).load(scheduler="synchronous")  # as part of a task
    return parameters.fit(statistics, store.latents if others else None), statistics


def _template(a: Architecture, count: int, chunk: int) -> xr.Dataset:
    shapes = {
        "z": (("sample", "component"), (a.z_dim,), np.float32),
        "v": (("sample", "pc"), (a.z_dim,), np.float32),
        "image": (("sample", "y", "x", "channel"), (a.side, a.side, a.channels), np.uint8),
    }
    return xr.Dataset(
        {
            name: unwritten(dims, (count, *shape), dtype, chunk=chunk)
            for name, (dims, shape, dtype) in shapes.items()
        }
    )
