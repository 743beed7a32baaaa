"""Folders that are made once in a test run, whichever of its worker processes needs them first."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def run_folder(factory: pytest.TempPathFactory) -> Path:
    """Temporary folder of the whole test run; pytest-xdist gives each worker one inside it."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder ``name`` of the test run, which ``make`` fills; tests must not write to it.

    Parameters
    ----------
    factory
        Pytest's fixture of that name.
    name
        One name for each ``make``.
    make
        Fills the new folder. The workers that need the folder meanwhile wait.
    """
    folder = run_folder(factory) / name
    made = folder.with_name(f"{name}.made")
    with FileLock(f"{folder}.lock"):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
