"""Help texts and configurations answer at once: the libraries that take seconds stay unloaded."""

import subprocess
import sys

import pytest

SLOW = (
    *("torch", "icechunk", "distributed", "matplotlib", "sklearn", "dask_ml"),
    *("panel", "bokeh", "holoviews", "datashader"),
)


@pytest.mark.parametrize(
    "module",
    [
        *("zpoints", "zpoints.pl", "zpoints.storage.errors"),
        *("zpoints.pipeline.config.run", "zpoints.cluster.cli.main"),
    ],
)
def test_import__leaves_slow_libraries_out(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert module in loaded.stdout.split()
    assert set(SLOW) & set(loaded.stdout.split()) == set()


@pytest.mark.parametrize(
    "package",
    ["zpoints.pl", "zpoints.storage", "zpoints.pipeline.analyze", "zpoints.pipeline.sample"],
)
def test_import__every_public_name_is_there_when_asked_for(package: str) -> None:
    code = f"from {package} import *; import {package} as p; print(*set(p.__all__) - set(dir()))"

    missing = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert missing.stdout.split() == []


def test_import__the_statistics_leave_scikit_learn_and_dask_ml_out() -> None:
    code = "import sys; from zpoints.pipeline.analyze import analyze; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert {"sklearn", "dask_ml"} & set(loaded.stdout.split()) == set()
