"""A store to train on, and checkpoints at every step."""

import shutil
from functools import partial
from pathlib import Path

import pytest

from zpoints.pipeline.train import stage
from zpoints.pipeline.train.checkpoint import Saver


@pytest.fixture
def root(small_root: str, tmp_path: Path) -> str:
    """A private copy of the store with images."""
    return shutil.copytree(small_root, str(tmp_path / "store"))


@pytest.fixture
def saving_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "Saver", partial(Saver, seconds=0, rest=0))
