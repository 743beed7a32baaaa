"""One photograph is read before anything starts; damaged ones do not stop a run."""

from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.ingest.photographs import opened, write_small
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import IngestConfig, SourceConfig
from zpoints.pipeline.ingest.prepare import prepare
from zpoints.pipeline.ingest.trial import try_photograph

NAMES = [f"{number:02d}.jpg" for number in range(40)]
WHOLE = IngestConfig(crop=None, side=32)


def tried(folder: Path, config: IngestConfig = WHOLE) -> None:
    try_photograph(prepare(opened(folder), config, SourceConfig(), None), config)


def test_try_photograph__passes_over_damaged_photographs_all_over_the_source(
    tmp_path: Path,
) -> None:
    write_small(tmp_path, NAMES)
    for row in {*range(10), *np.linspace(0, 39, 5).astype(int).tolist(), *range(30, 40)}:
        (tmp_path / NAMES[row]).write_bytes(b"damaged")

    tried(tmp_path)


def test_try_photograph__counts_all_that_were_tried_and_names_some(tmp_path: Path) -> None:
    write_small(tmp_path, NAMES)
    for name in NAMES[1::2]:
        (tmp_path / name).write_bytes(b"")

    with pytest.raises(SourceError) as caught:
        tried(tmp_path, IngestConfig(crop=140, side=32))

    message = str(caught.value)
    assert message.startswith("None of 32 photographs")
    assert "17 photographs (01.jpg, 03.jpg, 05.jpg and 14 others): the file is empty" in message
    assert len([name for name in NAMES if name in message]) == 6
    assert "crop" in message
    assert "empty" in message
