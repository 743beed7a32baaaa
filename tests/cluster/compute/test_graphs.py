"""Graphs of ten thousand chunks contain no large objects, about which Dask would warn."""

import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest

from tests.conftest import SilentConsole
from tests.pipeline.ingest.photographs import gradient, jpeg
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.encode.stage import _Encoding
from zpoints.pipeline.sample.stage import _decoded, _sample_rows
from zpoints.storage import Block, StageTransaction, open_repository
from zpoints.storage.arrays.chunks import write_rows
from zpoints.storage.carried_rows import CarriedRows

CHUNKS = 10_000
WARNING_SIZE = dask.utils.parse_bytes("10MB")
"""Size of a graph in bytes from which Dask warns."""
TASK, ROW, NAME = 1024, 8, 4
"""Bytes of a task, of a row number, and of a name in addition to its letters."""


def task_size(compute: Callable[[], Any], rows: int) -> int:
    """Bytes of a task without the fork that it writes through."""
    return len(pickle.dumps(partial(write_rows, "latents", ("z",), Block(0, rows, compute))))


def test_encode_and_sample__tasks_are_small_whatever_the_chunk(small_root: str) -> None:
    repository, config = open_repository(small_root), RunConfig().sample
    version, rows = repository.store().version, 2048
    encoding = _Encoding(small_root, version, 256, "auto", (), 0, rows, None)
    decoded = partial(_decoded, small_root, version, "auto", ())
    sampling = partial(_sample_rows, config.seed, decoded, 0, rows)

    for task in (encoding, sampling):
        assert task_size(task, rows) * CHUNKS < WARNING_SIZE
    carried = CarriedRows(small_root, version, "latents", np.arange(rows))
    assert task_size(replace(encoding, carried=carried), rows) < TASK + ROW * rows


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_ingest__tasks_contain_only_names_and_row_numbers(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks: list[int] = []
    monkeypatch.setattr(
        StageTransaction, "write_chunks", lambda self, *a, **k: record_sizes(tasks, *a, **k)
    )
    names = [f"img_align_celeba/{i:06}.jpg" for i in range(1024)]
    source, chunk = tmp_path / f"photographs.{form}", 512
    write_tree(source, names)
    config = override(RunConfig(), [f"ingest.source={source}", f"ingest.chunk={chunk}"])

    with pytest.raises(NothingWrittenError):
        run(config, str(tmp_path / "store"), console=SilentConsole(), title="t", until="ingest")

    letters = len(names[0])
    assert len(tasks) == len(names) / chunk
    assert max(tasks) < TASK + chunk * (letters + NAME + ROW)


class NothingWrittenError(Exception):
    """Ends a run of which only the tasks are of interest."""


def record_sizes(tasks: list[int], group: str, blocks: list[Block], **options: Any) -> None:
    """Record the size of each block's task instead of writing the block."""
    tasks.extend(task_size(block.compute, block.rows) for block in blocks)
    raise NothingWrittenError


def write_tree(source: Path, names: list[str]) -> None:
    """Write one photograph under these names to a folder or an archive."""
    photograph = jpeg(gradient())
    if source.suffix == ".zip":
        with zipfile.ZipFile(source, "w") as archive:
            for name in names:
                archive.writestr(name, photograph)
        return
    for name in names:
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photograph)
