"""The store of the examples: found where a user has it, or made in the cache folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

import zpoints as zp
from tests.conftest import SMALL
from zpoints.cluster import demo_store as module


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder; nothing names a store, and the working folder is empty."""
    here = tmp_path / "work" / "inside"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.delenv(module.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache" / "zpoints"


def test_demo_store__is_the_named_one_or_the_nearest_whole_run(
    cache: Path,
    small_root: str,
    small_until: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for folder, root in (("work/inside", small_until("analyze")), ("work", small_root)):
        (tmp_path / folder / "runs").mkdir()
        (tmp_path / folder / "runs" / "demo").symlink_to(root)

    assert zp.demo_store().root == str(tmp_path / "work" / "runs" / "demo")
    monkeypatch.setenv(module.VARIABLE, small_root)
    assert zp.demo_store().root == small_root
    assert not cache.exists()


@pytest.mark.slow
def test_demo_store__is_made_once_in_the_cache_folder(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "FACES", 160)
    monkeypatch.setattr(module, "SETTINGS", tuple(SMALL))

    made = zp.demo_store()

    printed = capsys.readouterr().out
    assert printed.count("There is no demo store yet. Drawing 160 synthetic faces") == 1
    assert made.root == str(cache / "demo")
    assert "ellipse" in made.quality_names
    assert zp.demo_store().version == made.version
    assert capsys.readouterr().out == ""
