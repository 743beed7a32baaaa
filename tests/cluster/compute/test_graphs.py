"""Graphs of ten thousand chunks: no large objects in them, and no warning about them."""

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
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.encode.stage import _Encoding
from zpoints.pipeline.sample.stage import _sample_rows
from zpoints.storage import Block, StageTransaction, open_repository
from zpoints.storage.arrays.chunks import write_rows

CHUNKS = 10_000
WARNS = dask.utils.parse_bytes("10MB")
"""Bytes of a graph that Dask warns of."""
TASK, ROW, NAME = 1024, 8, 4
"""Bytes that a task takes; further ones for each row number and each name beside its letters."""


def sent(compute: Callable[[], Any], rows: int) -> int:
    """Bytes of a task beside the fork that it writes through."""
    return len(pickle.dumps(partial(write_rows, "latents", ("z",), Block(0, rows, compute))))


def test_encode_and_sample__tasks_are_small_whatever_the_chunk(small_root: str) -> None:
    repository, config = open_repository(small_root), RunConfig().sample
    version, rows = repository.store().version, 2048
    encoding = _Encoding(small_root, version, 256, "auto", 0, rows, None)
    sampling = partial(_sample_rows, small_root, version, config.seed, "auto", 0, rows)

    for task in (encoding, sampling):
        assert sent(task, rows) * CHUNKS < WARNS
    assert sent(replace(encoding, carried=np.arange(rows)), rows) < TASK + ROW * rows


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_ingest__tasks_carry_names_and_row_numbers_alone(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks: list[int] = []
    monkeypatch.setattr(
        StageTransaction, "write_chunks", lambda self, *a, **k: weigh(tasks, *a, **k)
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
    """Ends a run that only shows its tasks."""


def weigh(tasks: list[int], group: str, blocks: list[Block], **options: Any) -> None:
    """In place of writing blocks: note what each would send."""
    tasks.extend(sent(block.compute, block.rows) for block in blocks)
    raise NothingWrittenError


def write_tree(place: Path, names: list[str]) -> None:
    """Empty files of these names, in a folder or an archive; nobody decodes them."""
    if place.suffix == ".zip":
        with zipfile.ZipFile(place, "w") as archive:
            for name in names:
                archive.writestr(name, b"")
        return
    for name in names:
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
