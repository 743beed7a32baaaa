"""What settings need, against what a worker has."""

import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import CapacityError
from zpoints.pipeline.memory import Memory, require_disk, require_memory
from zpoints.pipeline.needs import Needs, report_memory
from zpoints.pipeline.stage_run import Worker

GIB = 2**30
WORKER = Worker(threads=2, memory=2**30, held=0)
MORE = r"Give the workers more memory \(cluster\.memory.*fewer tasks at once \(cluster\.workers\)"
REFUSED = {
    "large chunks of images": ("ingest", "ingest.chunk=65536", f"{MORE}, or lower ingest.chunk"),
    "large images": ("ingest", "ingest.side=512", "lower ingest.chunk or ingest.side"),
    "chunks of one image": (
        "tasks of ingest",
        "ingest.chunk=1",
        r"this process may take 1,024 MiB\. Run zpoints where .*free, or raise ingest\.chunk\.$",
    ),
    "chunks of one vector": ("tasks of encode", "encode.chunk=1", r"or raise encode\.chunk\.$"),
    "a large batch": ("encode", "encode.batch=65536", f"{MORE}, or lower encode.batch"),
    "a large chunk": ("encode", "encode.chunk=1048576", f"{MORE}, or lower encode.chunk"),
    "a wide network": ("encode", "train.z_dim=4096 ingest.side=512", "network 16,392 MiB"),
    "a large batch of a training": (
        "train",
        "train.batch=65536",
        "this process may take 1,024 MiB. Run zpoints where more memory is free, or lower "
        "train.batch.",
    ),
    "a wide network to train": (
        "train",
        "train.z_dim=4096 ingest.side=128",
        "or lower train.z_dim or ingest.side.",
    ),
    "many pairs": (
        "analyze",
        "analyze.pairs.bins=128 analyze.pairs.components=16",
        f"{MORE}, or list fewer analyze.pairs",
    ),
    "a large chunk to analyze": ("analyze", "encode.chunk=1048576", "a smaller encode.chunk"),
    "a large chunk to structure": (
        "structure",
        "encode.chunk=1048576",
        f"{MORE}, or encode with a smaller encode.chunk",
    ),
    "labels of many images": (
        "labels of structure",
        "encode.chunk=8192",
        "this process may take 1,024 MiB. Run zpoints where more memory is free, or lower "
        "ingest.limit.",
    ),
    "large chunks of samples": ("sample", "sample.chunk=65536", f"{MORE}, or lower sample.chunk"),
    "a mixture of many parts": (
        "sample",
        "sample.generators.m.generator=gaussian_mixture sample.generators.m.parts=1000",
        f"{MORE}, or lower vectors or parts of sample.generators.m",
    ),
    "a radial mixture of many parts": (
        "sample",
        "sample.generators.m.generator=radial_mixture sample.generators.m.parts=1000 "
        "sample.generators.m.K=200",
        f"{MORE}, or lower vectors or parts of sample.generators.m",
    ),
    "a mixture of a selection, fitted to many vectors": (
        "sample",
        "analyze.selections.s=Smiling sample.generators.m.generator=conditional "
        "sample.generators.m.selection=s sample.generators.m.base.generator=gaussian_mixture "
        "sample.generators.m.base.vectors=1000000",
        f"{MORE}, or lower vectors or parts of sample.generators.m",
    ),
    "chunks of one sample": (
        "tasks of sample",
        "sample.chunk=1",
        "tasks 9,766 MiB.*, or lower sample.count, or raise sample.chunk",
    ),
    "large sets": ("evaluate", "evaluate.count=5000", f"{MORE}, or lower evaluate.count"),
    "large sets of a sweep": ("sweep", "sweep.count=5000", f"{MORE}, or lower sweep.count"),
    "a sweep of mixtures of many parts": (
        "sweep",
        "sweep.generator=gaussian_mixture sweep.grid={parts:[2,1000]}",
        f"{MORE}, or lower vectors or parts of sweep.parameters or sweep.grid",
    ),
    "many points": (
        "report",
        "report.scatter_points=100000",
        "this process may take 1,024 MiB. Run zpoints where more memory is free, or lower "
        "report.scatter_points.",
    ),
    "many faces": ("report", "report.faces=400", "lower report.faces or report.reconstructions"),
}


def needs(config: RunConfig, stage: str, worker: Worker = WORKER) -> Memory:
    """Memory of a stage for ten million photographs with forty attributes."""
    found = Needs(config=config, images=10**7, attributes=40)
    stages: dict[str, Callable[[Worker], Memory]] = {
        "ingest": found.ingest,
        "train": found.train,
        "encode": found.encode,
        "analyze": found.analyze,
        "structure": found.structure,
        "labels of structure": found.structure_labels,
        "sample": lambda worker: found.sample(worker, [*config.sample.generators][-1], 10**7),
        "evaluate": found.evaluate,
        "sweep": found.sweep,
        "report": partial(report_memory, config),
        **{
            f"tasks of {it}": partial(found.tasks, stage=it, rows=10**7)
            for it in ("ingest", "encode", "sample")
        },
    }
    return stages[stage](worker)


DEFAULTS = ["ingest", "train", "encode", "analyze", "structure", "sample", "report"]
TASKS = ["tasks of ingest", "tasks of encode", "tasks of sample"]


@pytest.mark.parametrize("stage", DEFAULTS + TASKS)
def test_require_memory__accepts_the_defaults_for_ten_million_images(stage: str) -> None:
    require_memory(needs(RunConfig(), stage), WORKER)


@pytest.mark.parametrize("situation", REFUSED)
def test_require_memory__states_the_need_and_the_remedy(situation: str) -> None:
    stage, settings, message = REFUSED[situation]
    config = override(RunConfig(), settings.split())

    with pytest.raises(CapacityError, match=f"(?s)^The .* needs .*MiB.*{message}"):
        require_memory(needs(config, stage), WORKER)


@pytest.mark.parametrize("stage", ["ingest", "encode", "sample"])
def test_needs__tasks_of_the_driver_take_no_memory_of_a_worker(stage: str) -> None:
    config = override(RunConfig(), [f"{stage}.chunk=1"])

    assert needs(config, stage).total < needs(RunConfig(), stage).total
    assert needs(config, f"tasks of {stage}").total > needs(RunConfig(), stage).total


GPU_WORKER = Worker(threads=16, memory=2**30, held=0, gpu_tasks=2)


@pytest.mark.parametrize(
    ("stage", "settings"),
    [
        ("train", "train.batch=65536"),
        ("encode", "encode.batch=65536"),
        ("sample", "sample.chunk=1024"),
        ("evaluate", "evaluate.count=400"),
        ("sweep", "sweep.count=200"),
    ],
)
def test_require_memory__batches_on_a_gpu_take_no_memory_of_the_host(
    stage: str, settings: str
) -> None:
    config = override(RunConfig(), settings.split())

    require_memory(needs(config, stage, GPU_WORKER), GPU_WORKER)
    on_cpu = override(config, [f"{stage}.device=cpu"])
    assert needs(on_cpu, stage, GPU_WORKER).total > needs(config, stage, GPU_WORKER).total


def test_require_memory__chunks_of_the_tasks_on_a_gpu_count() -> None:
    config = override(RunConfig(), ["encode.chunk=1048576"])

    with pytest.raises(CapacityError, match=r"lower encode\.chunk"):
        require_memory(needs(config, "encode", GPU_WORKER), GPU_WORKER)


@pytest.mark.parametrize(
    ("disk", "remaining", "message"),
    [
        (
            (9 * GIB, 2 * GIB),
            True,
            "need 4.0 GiB of disk (latents alone 3.0 GiB), but the disk of ",
        ),
        (
            (9 * GIB, 2 * GIB),
            True,
            " has 2.0 GiB free. Choose another --root, or lower ingest.limit.",
        ),
        ((9 * GIB, 5 * GIB), True, None),
        ((9 * GIB, 2 * GIB), False, None),
        ((3 * GIB, 2 * GIB), False, " holds 3.0 GiB. Choose another --root"),
        ((0, 0), True, None),
        ((0, 0), False, None),
    ],
)
def test_require_disk__compares_with_what_is_free_or_with_the_whole(
    disk: tuple[int, int],
    remaining: bool,
    message: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    size = SimpleNamespace(total=disk[0], free=disk[1])
    monkeypatch.setattr("zpoints.pipeline.memory.shutil.disk_usage", lambda path: size)
    refused = pytest.raises(CapacityError, match=re.escape(message)) if message else nullcontext()

    with refused:
        require_disk({"images": GIB, "latents": 3 * GIB}, str(tmp_path), remaining=remaining)


def test_require_disk__accepts_a_bucket() -> None:
    require_disk({"images": 2**80}, "s3://bucket/runs", remaining=True)


def test_require_disk__of_an_absent_root_is_that_of_its_parent(tmp_path: Path) -> None:
    with pytest.raises(CapacityError, match="absent/root has"):
        require_disk({"images": 2**80}, str(tmp_path / "absent" / "root"), remaining=True)


@pytest.mark.parametrize("stage", ["ingest", "encode", "analyze", "structure"])
def test_needs__no_more_tasks_count_than_there_are_chunks(stage: str) -> None:
    needs = Needs(config=RunConfig(), images=300, attributes=0)
    one, many = (replace(WORKER, threads=threads) for threads in (1, 10_000))

    assert getattr(needs, stage)(many).total == getattr(needs, stage)(one).total


def test_needs__the_uniform_vectors_of_the_report_take_no_memory() -> None:
    many = override(RunConfig(), ["report.uniform_vectors=100000000"])

    assert needs(many, "report") == needs(RunConfig(), "report")
