"""Settings that need more than there is are refused before work begins, or end in a message."""

import errno
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import dask
import numpy as np
import pytest
import torch

from tests.cluster.conftest import FIRST, arrive, done, go
from tests.conftest import SilentConsole
from zpoints.cluster.run import run
from zpoints.cluster.run_plan import dry_run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import CapacityError
from zpoints.pipeline.memory import memory_errors, remedy
from zpoints.pipeline.stage_order import STAGES
from zpoints.pipeline.stage_run import Worker
from zpoints.storage import open_store

LITTLE = Worker(threads=2, memory=500 * 2**20, held=200 * 2**20)
"""Stands for the driver."""
PLENTY = Worker(threads=2, memory=8 * 2**30, held=200 * 2**20)
"""Stands for the machine of the workers."""
REFUSED = {
    "samples for which no disk is large enough": (
        ["sample.count=2000000000"],
        r"GiB of disk \(samples/\w+ alone .*Choose another --root, or lower sample\.count\.",
    ),
    "more samples than a number of 64 bits counts": (
        ["sample.count=99999999999999999999"],
        "GiB of disk",
    ),
    "a grid for which no disk is large enough": (
        [
            "sample.generators={g: {generator: grid, points: 31000, axes: [0, 1], "
            "limit: 1000000000}}"
        ],
        r"GiB of disk \(samples/g alone",
    ),
    "a large batch of the encoding": (
        ["encode.batch=65536"],
        r"The encoding needs .*per worker \(.*but a worker has 4,096 MiB\. Give the workers more "
        r"memory.*, or lower encode\.batch\.",
    ),
    "many tasks at once": (
        ["cluster.workers=1000"],
        r"The evaluation needs .*run fewer tasks at once \(cluster\.workers\)",
    ),
    "many worker processes": (
        ["cluster.workers=10000", "cluster.processes=true", "cluster.memory=null"],
        r"The ingest needs .*but a worker has \d+ MiB",
    ),
    "a wide network": (
        ["ingest.side=128", "train.z_dim=2048"],
        r"The training needs .*but this process may take 500 MiB\. .*lower train\.z_dim",
    ),
    "a figure of many points": (
        ["report.scatter_points=100000"],
        r"The report needs .*this process may take 500 MiB.*lower report\.scatter_points\.",
    ),
}


def disk_of(monkeypatch: pytest.MonkeyPatch, *, total: int, free: int) -> None:
    """Stands for a disk of another size, in bytes."""
    disk = SimpleNamespace(total=total, free=free)
    monkeypatch.setattr("zpoints.pipeline.memory.shutil.disk_usage", lambda path: disk)


@pytest.mark.parametrize("situation", REFUSED)
def test_run__states_what_it_lacks_before_work_begins(
    small_config: RunConfig, tmp_path: Path, situation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, message = REFUSED[situation]
    monkeypatch.setattr("zpoints.cluster.run_plan.this_machine", lambda: LITTLE)
    monkeypatch.setattr("zpoints.cluster.compute.local.this_machine", lambda: PLENTY)
    monkeypatch.setattr("zpoints.cluster.compute.local.MEMORY_LIMIT", PLENTY.memory)
    disk_of(monkeypatch, total=2**40, free=2**40)
    config = override(small_config, ["cluster.memory=4GiB", *settings])
    root = str(tmp_path / "store")

    with pytest.raises(CapacityError, match=message):
        run(config, root, console=SilentConsole(), title="large")

    assert open_store(root).groups == ()


def test_run__growth_needs_room_for_the_new_photographs_only(
    everything: Path, tree: Path, config: RunConfig, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(everything, tree, FIRST, FIRST + 2)
    disk_of(monkeypatch, total=2**40, free=40_000)  # all images take 405,504 bytes, vectors 59,136

    result, _ = go(config, root, until="encode")

    assert done(result) == ["images", "latents"]


def test_run__growth_without_room_for_the_new_photographs_is_refused(
    everything: Path, tree: Path, config: RunConfig, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = open_store(root).version
    arrive(everything, tree, FIRST, FIRST + 2)
    disk_of(monkeypatch, total=2**40, free=5_000)

    with pytest.raises(CapacityError, match=r"images alone .* has 0\.0 GiB free\. .*ingest\.limit"):
        go(config, root, until="encode")

    assert open_store(root).version == version


def exhausted(*_: object, **__: object) -> int:
    """A stage one of whose tasks asks for more memory than any machine has."""
    return int(dask.delayed(np.empty)(1 << 50).compute().sum())


@pytest.mark.parametrize(
    ("stage", "before", "function", "remedy"),
    [
        ("ingest", None, "zpoints.pipeline.stage_table.ingest", "ingest.chunk or ingest.side"),
        ("train", "ingest", "zpoints.pipeline.stage_table.train_model", "train.batch"),
        ("encode", "train", "zpoints.pipeline.stage_table.encode", "encode.batch or encode.chunk"),
        ("analyze", "encode", "zpoints.pipeline.stage_table.analyze_latents", "encode.chunk"),
        ("structure", "analyze", "zpoints.pipeline.stage_table.find_structure", "encode.chunk"),
        ("sample", "structure", "zpoints.pipeline.stage_table.sample", "sample.chunk"),
        ("evaluate", "sample", "zpoints.pipeline.stage_table.evaluate", "evaluate.count"),
        ("sweep", "evaluate", "zpoints.pipeline.stage_table.sweep", "sweep.count"),
        ("report", "evaluate", "zpoints.cluster.run.write", "report.scatter_points"),
    ],
)
def test_run__ends_with_a_message_if_a_task_runs_out_of_memory(
    stage: str,
    before: str | None,
    function: str,
    remedy: str,
    small_config: RunConfig,
    small_until: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = override(small_config, [f"sweep.enabled={str(stage == 'sweep').lower()}"])
    root = small_until(before) if before else str(tmp_path / "store")
    stored = open_store(root).groups if before else ()
    monkeypatch.setattr(function, exhausted)

    with pytest.raises(CapacityError, match=f"{stage} ran out of memory .*more memory.*{remedy}"):
        run(config, root, console=SilentConsole(), title="large")

    assert open_store(root).groups == stored


LIMITED = """
import resource, sys
import dask, numpy, psutil
from tests.conftest import SilentConsole
import zpoints.cluster.run as runs
import zpoints.pipeline.stage_table
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.errors import CapacityError
from zpoints.pipeline.step import Step

def encode(run):
    return int(dask.delayed(numpy.ones)(3000 * 2**20, "int8").compute().sum())

if sys.argv[3] == "unforeseen":
    Step.require_memory = lambda step, worker: None
    zpoints.pipeline.stage_table.encode = encode
config = RunConfig.model_validate_json(sys.argv[1])
limit = psutil.Process().memory_info().vms + 2500 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    runs.run(config, sys.argv[2], console=SilentConsole(), title="large", until="encode")
except CapacityError as error:
    print(error)
"""


@pytest.mark.services
@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("foreseen", "The encoding needs .* per worker .*, or lower encode.batch."),
        ("unforeseen", "encode ran out of memory .*lower encode.batch or encode.chunk."),
    ],
)
def test_run__keeps_to_the_limit_of_the_shell(
    way: str, message: str, small_config: RunConfig, small_until: Callable[[str], str]
) -> None:
    config = override(small_config, ["encode.batch=65536", "cluster.workers=2"])
    arguments = [config.model_dump_json(), small_until("train"), way]

    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, *arguments], capture_output=True, text=True, timeout=100
    )

    assert re.search(message, ended.stdout), ended.stdout + ended.stderr


def test_dry_run__refuses_what_a_run_refuses(
    small_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk_of(monkeypatch, total=2**30, free=2**30)
    config = override(small_config, ["sample.count=1000000"])

    with pytest.raises(CapacityError, match=r"lower sample\.count"):
        dry_run(config, str(tmp_path / "store"), console=SilentConsole(), title="t")

    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_memory_errors__recognises_what_runs_out(error: Exception) -> None:
    with pytest.raises(CapacityError, match="sample ran out of memory"), memory_errors("sample"):
        raise error


def test_memory_errors__recognises_torch_and_leaves_other_errors() -> None:
    with pytest.raises(CapacityError, match="allocate"), memory_errors("train"):
        torch.empty(1 << 50)
    with pytest.raises(RuntimeError, match="mat1 and mat2"), memory_errors("train"):
        torch.zeros(2, 3) @ torch.zeros(2, 3)
    with pytest.raises(FileNotFoundError), memory_errors("train"):
        Path("absent").read_text()


@pytest.mark.parametrize("stage", STAGES)
def test_remedy__names_a_setting_of_every_stage(stage: str) -> None:
    assert re.search(r"lower [a-z]+\.[a-z_]+", remedy(stage))
