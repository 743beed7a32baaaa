"""The ingest as a stage: labels of what is stored."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SilentConsole
from tests.pipeline.ingest.photographs import opened, write_small
from zpoints.pipeline.ingest.config import IngestConfig, SourceConfig
from zpoints.pipeline.ingest.prepare import prepare
from zpoints.pipeline.ingest.stage import ingest
from zpoints.pipeline.stage_run import StageRun, Worker
from zpoints.storage import open_repository

NAMES = [f"{number}.jpg" for number in range(6)]
CONFIG = IngestConfig(crop=None, side=32)


@pytest.mark.parametrize(
    ("labelled", "dtype"), [(NAMES[:4], np.int64), ([*NAMES[:3], NAMES[4]], np.float64)]
)
def test_ingest__whole_numbers_stay_whole_if_every_stored_image_has_one(
    labelled: list[str], dtype: type, tmp_path: Path
) -> None:
    """The two last photographs are damaged; some of them, or a sound one, have no row."""
    write_small(tmp_path / "in", NAMES)
    for name in NAMES[4:]:
        (tmp_path / "in" / name).write_bytes(b"damaged")
    rows = [f"{name},{number}" for number, name in enumerate(labelled, 3)]
    (tmp_path / "in" / "labels.csv").write_text("\n".join(["file,digit", *rows]))
    repository = open_repository(tmp_path / "store")
    work = repository.begin(stage="ingest", fingerprint="f", groups=("images",))
    run = StageRun(
        settings=CONFIG,
        store=repository.store(),
        work=work,
        console=SilentConsole(),
        worker=Worker(threads=1, memory=2**30, held=0),
    )
    plan = prepare(opened(tmp_path / "in"), CONFIG, SourceConfig(), None)

    assert ingest(run, plan=plan, strict=False) == 4

    digits = work.dataset("images")["digit"]
    assert digits.dtype == dtype
    np.testing.assert_array_equal(digits, [3, 4, 5, 6 if dtype is np.int64 else np.nan])
