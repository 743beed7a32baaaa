"""The memory of an import of wide vectors, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.vectors import LIMIT_GIB, WIDTH, write
from tests.project.imports import ROOT
from zpoints.storage import open_store

ROWS = 20_000
SETTINGS = [
    "sample.count=64",
    "sample.generators={ellipse_original: {generator: ellipse_original}, "
    "gaussian_mixture: {generator: gaussian_mixture, iterations: 2}}",
    "report.uniform_vectors=20000",
]


@pytest.mark.slow
def test_import__of_wide_vectors_to_the_report_stays_within_two_gib(tmp_path: Path) -> None:
    write(tmp_path / "vectors.npy", ROWS)
    paths = [str(tmp_path / "vectors.npy"), str(tmp_path / "store")]
    command = [sys.executable, "-m", "tests.benchmarks.vectors", *paths, *SETTINGS]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    _, _, peak = json.loads(ended.stdout)
    store = open_store(tmp_path / "store")
    assert dict(store.latents.sizes) == {"image": ROWS, "component": WIDTH}
    assert (tmp_path / "store/report/index.html").exists()
    assert peak < LIMIT_GIB
