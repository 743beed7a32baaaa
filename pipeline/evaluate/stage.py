"""The graph of the evaluation: one task per chunk of samples, then one per measure of the set."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import dask
import numpy as np
import xarray as xr

from zpoints.pipeline.evaluate.config import REFERENCES, EvaluateConfig
from zpoints.pipeline.evaluate.held_out import HeldOut, choose_held_out
from zpoints.pipeline.evaluate.measures.sliced_wasserstein import levels
from zpoints.pipeline.evaluate.measures.table import Comparison, Measured, per_sample_measures
from zpoints.pipeline.evaluate.subject import Subject
from zpoints.pipeline.progress import counted
from zpoints.pipeline.stage_run import StageRun, chunk_bounds
from zpoints.storage import Block, Store
from zpoints.storage.arrays.groups import unwritten

CHUNK = 128  # samples per task: about a second of face detection
MEASURES = (
    "face_rate",
    "round_trip",
    "mahalanobis",
    "violations",
    "swd",
    "frechet",
    "precision",
    "recall",
    "density",
    "coverage",
    "c2st",
)
PER_SAMPLE = {
    "face_found": np.bool_,
    "round_trip_distance": np.float32,
    "mahalanobis_radius": np.float32,
    "violated_pairs": np.float32,
}


def quality_of(name: str) -> str:
    """The store's group for the quality of a generator's samples, or of a reference."""
    return f"quality/{name}"


def evaluate(run: StageRun[EvaluateConfig], *, name: str) -> int:
    """Judge the images of one generator, or one of `REFERENCES`; returns how many."""
    config, store, group = run.settings, run.store, quality_of(name)
    held_out = held_out_photographs(store, config)
    comparison = _comparison(store, config, held_out, name)
    count = len(comparison.subject.rows)
    if count < config.count:
        run.console.line(
            f"{group}: {counted(count, 'image')}, not evaluate.count = {config.count:,}."
        )
    attrs = {
        "judged": name,
        "held_out": held_out.kind,
        "count": count,
        "wanted": config.count,
        "level": config.level,
    }
    template = _template(store, count, inception=config.inception is not None)
    run.work.create(group, template, attrs=attrs)
    blocks = [
        Block(start, stop, partial(comparison.subject.judge, config, start, stop))
        for start, stop in chunk_bounds(count, CHUNK)
    ]
    with run.console.bar(group, total=count, unit="images") as advance:
        run.work.write_chunks(group, blocks, on_progress=lambda done: advance(done, ""))
    judged = run.work.dataset(group)
    measured = {
        **per_sample_measures({name: judged[name].values for name in PER_SAMPLE}),
        **_of_the_set(comparison, judged["reencoded"].values),
    }
    run.work.settle(group, _filled(template, measured), np.arange(count), attrs=attrs)
    return count


def held_out_photographs(store: Store, config: EvaluateConfig) -> HeldOut:
    """The photographs that every row of the table is compared with."""
    fewest = 2 * (config.neighbours + 1)
    return choose_held_out(store.latents, config.count, fewest=fewest, seed=config.seed)


def _comparison(store: Store, config: EvaluateConfig, held_out: HeldOut, name: str) -> Comparison:
    """As many photographs as judged images, by row: neighbours in the store share chunks."""
    subject = partial(Subject, store.root, store.version)
    if name in REFERENCES:
        rows = np.sort(held_out.real)
    else:
        samples = store.samples(name).sizes["sample"]
        rows = np.arange(min(samples, len(held_out.reference)))
    reference = np.sort(held_out.reference[: len(rows)])
    return Comparison(config, subject(name, rows), subject("real", reference))


def _of_the_set(comparison: Comparison, reencoded: np.ndarray) -> Measured:
    """All measures of the set. The tasks are given the re-encoded vectors, a KB each: they lie on
    the branch of this work, which tasks cannot open."""
    vectors = dask.delayed(reencoded, pure=False)
    tasks = [dask.delayed(task, pure=False)(vectors) for task in comparison.tasks()]
    return {name: value for found in dask.compute(*tasks) for name, value in found.items()}


def _template(store: Store, count: int, *, inception: bool) -> xr.Dataset:
    """The group's metadata; measures are NaN until they are known."""
    architecture: Mapping[str, Any] = store.model.attrs["architecture"]
    sides = np.array(levels(architecture["side"]), dtype=np.int64)
    z_dim = architecture["z_dim"]
    names = [*MEASURES, "fid"] if inception else MEASURES
    return xr.Dataset(
        {
            "reencoded": unwritten(
                ("sample", "component"), (count, z_dim), np.float32, chunk=CHUNK
            ),
            **{
                name: unwritten("sample", (count,), dtype, chunk=CHUNK)
                for name, dtype in PER_SAMPLE.items()
            },
            **{key: ((), np.nan) for name in names for key in (name, f"{name}_error")},
            "swd_by_level": ("level", np.full(len(sides), np.nan)),
        },
        coords={"level": sides},
    )


def _filled(template: xr.Dataset, measured: Measured) -> xr.Dataset:
    values = {
        name: (template[name].dims, np.asarray(value, dtype=np.float64))
        for name, value in measured.items()
    }
    return template.assign(values)
