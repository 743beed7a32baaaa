"""The graph of the evaluation: a task per chunk of samples, then a task per measure of the set."""

from collections.abc import Iterable
from functools import partial

import dask
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.config import AUTO, FACE, NONE, REFERENCES, EvaluateConfig
from zpoints.pipeline.evaluate.detector import JUDGED, chosen_detector
from zpoints.pipeline.evaluate.dispatch import (
    Measured,
    average,
    measure_set,
    set_files,
)
from zpoints.pipeline.evaluate.held_out import HeldOut, choose_held_out
from zpoints.pipeline.evaluate.inputs import Comparison
from zpoints.pipeline.evaluate.measure_table import measured_by
from zpoints.pipeline.evaluate.measures.sliced_wasserstein import levels
from zpoints.pipeline.evaluate.reference import Reference
from zpoints.pipeline.evaluate.subject import Subject, stored_statistics
from zpoints.pipeline.network.stored import stored_architecture
from zpoints.pipeline.progress import counted
from zpoints.pipeline.stage_run import StageRun, chunk_bounds
from zpoints.storage import Block, Store
from zpoints.storage.arrays.layout import unwritten
from zpoints.storage.rows import Rows
from zpoints.storage.schema.quality import Measure, PerImage
from zpoints.storage.store import LEFT_OUT

CHUNK = 128  # samples per task; face detection takes about a second


def quality_of(name: str) -> str:
    """Name of the group with the quality of a generator's samples, or of a reference."""
    return f"quality/{name}"


def evaluate(run: StageRun[EvaluateConfig], *, name: str) -> int:
    """Measure the quality of the images of one generator, or of one of `REFERENCES`.

    Without a network the vectors themselves are judged.

    Returns
    -------
    int
        Number of images or vectors judged.
    """
    config, store, group = run.settings, run.store, quality_of(name)
    if reason := store.why_left_out(f"samples/{name}"):
        return _leave_out(run, name, reason)
    fewest = 2 * (config.neighbours + 1)
    held_out = choose_held_out(store.latents, config.count, fewest=fewest, seed=config.seed)
    config = _with_detector(run, held_out, name)
    subject, photographs = _subjects(run, held_out, name)
    measures, count = measured_by(config, images=subject.has_network), len(subject.rows)
    judged_as = "image" if subject.has_network else "vector"
    if count < config.count:
        run.console.line(
            f"evaluate: compares {counted(count, judged_as)}, since no more are held out or drawn; "
            f"evaluate.count = {config.count:,}."
        )
    attrs = _attrs(config, name, held_out=held_out.kind, count=count)
    template = _template(run, count, measures)
    run.work.create(group, template, attrs=attrs)
    blocks = [
        Block(start, stop, partial(subject.judge, config, start, stop))
        for start, stop in chunk_bounds(count, CHUNK)
    ]
    with run.console.bar(group, total=count, unit=f"{judged_as}s") as advance:
        run.work.write_chunks(group, blocks, on_progress=lambda done: advance(done, ""))
    judged = run.work.dataset(group)
    samples = {m.per_image.name: judged[m.per_image.name].values for m in measures if m.per_image}
    measured = {
        **average(samples, measures),
        **_of_sets(
            config,
            subject,
            photographs,
            _reference(store, held_out, photographs.rows),
            _judged_vectors(subject, judged),
        ),
    }
    run.work.settle(group, _filled(template, measured), np.arange(count), attrs=attrs)
    return count


def _attrs(config: EvaluateConfig, name: str, *, held_out: str, count: int) -> dict[str, object]:
    return {
        "judged": name,
        "held_out": held_out,
        "count": count,
        "wanted": config.count,
        "level": config.level,
        "detector": config.detector,
    }


def _judged_vectors(subject: Subject, judged: xr.Dataset) -> NDArray[np.float32]:
    """Latents of the images encoded again, or the vectors themselves without a network."""
    if subject.has_network:
        return np.asarray(judged["reencoded"].values)
    return subject.vectors(0, len(subject.rows))


def _with_detector(run: StageRun[EvaluateConfig], held_out: HeldOut, name: str) -> EvaluateConfig:
    """The settings with the detector that `auto` stands for; the photographs' row decides it."""
    config, store = run.settings, run.store
    if known := _known_detector(run, name):
        return config.model_copy(update={"detector": known})
    rows = np.sort(held_out.reference[:JUDGED])
    pixels = Rows(store.root, store.version, "images", "pixels").take(rows)
    detector, line = chosen_detector(config.detector, pixels)
    if line:
        run.console.line(line)
    return config.model_copy(update={"detector": detector})


def _known_detector(run: StageRun[EvaluateConfig], name: str) -> str | None:
    """The detector that no photograph has to decide."""
    if not run.has_network:
        return NONE
    undecided = run.settings.detector == AUTO and name != "real"
    return _stored_detector(run.store) if undecided else None


def _stored_detector(store: Store) -> str | None:
    """What `auto` stood for in the row `real`; a function is never taken from a store."""
    group = quality_of("real")
    found = store.group(group).attrs.get("detector") if store.is_current(group) else None
    return found if found in (FACE, NONE) else None


def _leave_out(run: StageRun[EvaluateConfig], name: str, reason: str) -> int:
    """Store no quality of samples that there are none of, but the reason."""
    config = run.settings
    if known := _known_detector(run, name):
        config = config.model_copy(update={"detector": known})
    attrs = _attrs(config, name, held_out="", count=0) | {LEFT_OUT: reason}
    template = _template(run, 0, measured_by(config, images=run.has_network))
    run.work.create(quality_of(name), template, attrs=attrs)
    return 0


def _subjects(
    run: StageRun[EvaluateConfig], held_out: HeldOut, name: str
) -> tuple[Subject, Subject]:
    """The judged images or vectors, and as many photographs or held-out vectors.

    Rows are sorted, so that neighbours in the store, which share chunks, are read together.
    """
    store = run.store
    subject = partial(
        Subject, store.root, store.version, code=run.code, has_network=run.has_network
    )
    if name in REFERENCES:
        rows = np.sort(held_out.real)
    else:
        samples = store.samples(name).sizes["sample"]
        rows = np.arange(min(samples, len(held_out.reference)))
    reference = np.sort(held_out.reference[: len(rows)])
    return subject(name, rows), subject("real", reference)


def _reference(store: Store, held_out: HeldOut, rows: NDArray[np.int64]) -> Reference:
    """The vectors to compare with; all that are held out, used or not, are no training vectors."""
    others = np.setdiff1d(np.concatenate([held_out.reference, held_out.real]), rows)
    return Reference(store.root, store.version, str(store.fingerprint("latents")), rows, others)


def _of_sets(
    config: EvaluateConfig,
    subject: Subject,
    photographs: Subject,
    reference: Reference,
    reencoded: np.ndarray,
) -> Measured:
    """All measures of the whole set, a task for each file that computes some.

    The re-encoded vectors (1 KB each) are sent along, since tasks cannot open the branch that
    holds them.
    """
    vectors = dask.delayed(reencoded, pure=False)
    tasks = [
        dask.delayed(_of_set, pure=False)(file, config, subject, photographs, reference, vectors)
        for file in set_files(measured_by(config, images=subject.has_network))
    ]
    return {name: value for found in dask.compute(*tasks) for name, value in found.items()}


def _of_set(
    file: str,
    config: EvaluateConfig,
    subject: Subject,
    photographs: Subject,
    reference: Reference,
    reencoded: NDArray[np.float32],
) -> Measured:
    """One task: the measures of one file."""
    finite = reencoded[np.isfinite(reencoded).all(axis=1)]
    comparison = Comparison(
        config=config,
        latents=lambda: (reference.vectors(), finite),
        images=lambda: (photographs.all_images(config.device), subject.all_images(config.device)),
        statistics=stored_statistics(subject.root, subject.version),
        training=reference.training,
        kept=reference.kept,
    )
    return measure_set(file, comparison)


def _template(run: StageRun[EvaluateConfig], count: int, measures: Iterable[Measure]) -> xr.Dataset:
    """The group's metadata; measures are NaN until they are computed."""
    measured: dict[str, xr.Variable] = {
        **{v.name: _along_samples(v, count) for m in measures if (v := m.per_image)},
        **{key: _single(meaning) for m in measures for key, meaning in m.stored_as.items()},
    }
    if not run.has_network:
        return xr.Dataset(measured)
    architecture = stored_architecture(run.store.model)
    sides = np.array(levels(architecture.side), dtype=np.int64)
    return xr.Dataset(
        {
            "reencoded": unwritten(
                ("sample", "component"), (count, architecture.z_dim), np.float32, chunk=CHUNK
            ),
            **measured,
            "swd_by_level": ("level", np.full(len(sides), np.nan)),
        },
        coords={"level": sides},
    )


def _along_samples(variable: PerImage, count: int) -> xr.Variable:
    template = unwritten("sample", (count,), np.dtype(variable.dtype), chunk=CHUNK)
    template.attrs["long_name"] = variable.meaning
    return template


def _single(meaning: str) -> xr.Variable:
    return xr.Variable((), np.nan, {"long_name": meaning})


def _filled(template: xr.Dataset, measured: Measured) -> xr.Dataset:
    values = {
        name: template[name].variable.copy(data=np.asarray(value, dtype=np.float64))
        for name, value in measured.items()
    }
    return template.assign(values)
