"""Folders that are made once in a test run, whichever of its worker processes needs them first."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

KEPT = "ZPOINTS_TEST_FOLDER"
"""Names a new, empty folder for what several test runs of the same code share, as in CI."""


def run_folder(factory: pytest.TempPathFactory) -> Path:
    """Temporary folder of the whole test run; pytest-xdist gives each worker one inside it."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder ``name``, which ``make`` fills once; tests must not write to it.

    Parameters
    ----------
    factory
        Pytest's fixture of that name.
    name
        One name for each ``make``.
    make
        Fills the new folder. The workers that need the folder meanwhile wait.
    """
    kept = os.environ.get(KEPT)
    parent = Path(kept) if kept else run_folder(factory)
    folder = parent / name
    made = folder.with_name(f"{name}.made")
    with FileLock(f"{folder}.lock"):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
