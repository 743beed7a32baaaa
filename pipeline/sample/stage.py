"""The sample stage: one task draws and decodes a chunk of vectors."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import dask
import numpy as np
import xarray as xr

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.errors import FewVectorsError, SampleError
from zpoints.pipeline.network.device import DeviceName
from zpoints.pipeline.network.serving import task_network
from zpoints.pipeline.network.stored import stored_architecture
from zpoints.pipeline.sample import Parameters, Sampler, draw_rows, sample_attrs
from zpoints.pipeline.sample.config import SampleConfig
from zpoints.pipeline.sample.stored_fit import fit_to_store
from zpoints.pipeline.spread import Spread
from zpoints.pipeline.stage_run import StageRun, chunk_bounds
from zpoints.storage import Block, Store, open_store
from zpoints.storage.arrays.layout import unwritten
from zpoints.storage.executor import value
from zpoints.storage.store import LEFT_OUT

LEFT_OUT_LINE = "sample.generators.{name} is left out. {reason}"


@dataclass(frozen=True)
class Fitted:
    """A fitted generator, as tasks use it; fitted once, since a mixture takes seconds or minutes.

    Attributes
    ----------
    sampler
        The fitted generator.
    basis
        Principal components of the statistics that it was fitted to.
    remark
        Warning that the run reports, if any.
    """

    sampler: Sampler
    basis: Basis
    remark: str | None


def group_of(name: str) -> str:
    """Group of the store that holds the samples of a configured generator."""
    return f"samples/{name}"


def sample(run: StageRun[SampleConfig], *, name: str) -> int:
    """Draw and decode the vectors of one configured generator; returns their number."""
    config, store = run.settings, run.store
    parameters = config.generators[name]
    try:
        placed = parameters.placed(config.device)
        fitting = dask.delayed(_fit)(store.root, store.version, placed).persist()
        fitted = value(run.work.executor, fitting)
    except FewVectorsError as error:
        return _leave_out(run, name, str(error))
    except SampleError as error:
        described = store.group(parameters.reads[0])
        if Spread.from_statistics(described).collapsed:
            return _leave_out(run, name, str(error))
        raise SampleError(f"sample.generators.{name}: {error}") from error
    if fitted.remark:
        run.console.line(f"sample.generators.{name}: {fitted.remark}.")
    count = parameters.size or config.count
    run.work.create(
        group_of(name),
        _template(run, count),
        attrs=_attrs(config, name, fitted.sampler.constraint),
    )
    decoded = partial(_decoded, store.root, store.version, config.device, run.code)
    stream = None if config.paired else name
    task = partial(_sample_rows, config.seed, stream, decoded if run.has_network else None)
    blocks = [
        Block(start, stop, partial(task, start, stop))
        for start, stop in chunk_bounds(count, config.chunk)
    ]
    with run.console.bar(group_of(name), total=count, unit="samples") as advance:
        run.work.write_chunks(
            group_of(name), blocks, shared=fitting, on_progress=lambda done: advance(done, "")
        )
    return count


def left_out_lines(store: Store, *, name: str) -> list[str]:
    """What a run reports of stored samples: why there are none."""
    reason = store.why_left_out(group_of(name))
    return [LEFT_OUT_LINE.format(name=name, reason=reason)] if reason else []


def _leave_out(run: StageRun[SampleConfig], name: str, reason: str) -> int:
    """Store no samples of a generator, but the reason why it cannot be fitted."""
    run.console.line(LEFT_OUT_LINE.format(name=name, reason=reason))
    config = run.settings
    run.work.create(
        group_of(name),
        _template(run, 0),
        attrs={**_attrs(config, name, ""), LEFT_OUT: reason},
    )
    return 0


def _attrs(config: SampleConfig, name: str, constraint: str) -> dict[str, Any]:
    parameters = config.generators[name]
    return sample_attrs(parameters, config.seed, constraint, paired=config.paired)


def _sample_rows(
    seed: int,
    name: str | None,
    decoded: Callable[[np.ndarray], np.ndarray] | None,
    start: int,
    stop: int,
    fitted: Fitted,
) -> dict[str, np.ndarray]:
    """Draw the samples start to stop - 1, and decode them if there is a network: one task."""
    z, v = draw_rows(fitted.sampler, fitted.basis, seed, start, stop, name=name)
    return {"z": z, "v": v} if decoded is None else {"z": z, "v": v, "pixels": decoded(z)}


def _decoded(
    root: str, version: str, device: DeviceName, code: tuple[str, ...], z: np.ndarray
) -> np.ndarray:
    remedy = "Set sample.device to cpu."
    with task_network(root, version, device, remedy=remedy, code=code) as network:
        return network.decode(z)


def _fit(root: str, version: str, parameters: Parameters) -> Fitted:
    """Fit a generator to the groups of a version that it reads."""
    sampler, statistics = fit_to_store(parameters, open_store(root, version=version))
    return Fitted(
        sampler,
        Basis.from_statistics(statistics),
        parameters.remark(statistics),
    )


def _template(run: StageRun[SampleConfig], count: int) -> xr.Dataset:
    z_dim = run.store.latents.sizes["component"]
    shapes: dict[str, tuple[tuple[str, ...], tuple[int, ...], type]] = {
        "z": (("sample", "component"), (z_dim,), np.float32),
        "v": (("sample", "pc"), (z_dim,), np.float32),
    }
    if run.has_network:
        a = stored_architecture(run.store.model)
        pixels = (a.side, a.side, a.channels)
        shapes["pixels"] = (("sample", "y", "x", "channel"), pixels, np.uint8)
    return xr.Dataset(
        {
            name: unwritten(dims, (count, *shape), dtype, chunk=run.settings.chunk)
            for name, (dims, shape, dtype) in shapes.items()
        }
    )
