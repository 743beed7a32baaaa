"""Photographs that arrive, change and leave: what is done again, and that the result is right."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cluster.run import RunResult, dry_run, run
from pipeline.analyze import analyze
from pipeline.config import RunConfig, override
from pipeline.ingest.errors import SourceError
from pipeline.synthesize import synthesize
from storage import Store, open_repository, open_store
from tests.conftest import SMALL, SilentConsole

FIRST, MORE = 130, 45


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All photographs that there will ever be."""
    folder = tmp_path_factory.mktemp("everything") / "tree"
    synthesize(folder, count=FIRST + MORE, seed=3)
    return folder


@pytest.fixture(scope="module")
def first_night(everything: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the photographs of the first night and the store of their run."""
    home = tmp_path_factory.mktemp("first")
    tree = home / "tree"
    shutil.copytree(everything, tree, ignore=shutil.ignore_patterns("img_align_celeba"))
    (tree / "img_align_celeba").mkdir()
    arrive(everything, tree, 0, FIRST)
    go(configured(tree), home / "store")
    return home


@pytest.fixture
def tree(first_night: Path, tmp_path: Path) -> Path:
    """Photographs of the first night; annotations are there for all."""
    return Path(shutil.copytree(first_night / "tree", tmp_path / "tree"))


@pytest.fixture
def root(first_night: Path, tmp_path: Path) -> Path:
    """The store after the first night."""
    return Path(shutil.copytree(first_night / "store", tmp_path / "store"))


@pytest.fixture
def config(tree: Path) -> RunConfig:
    return configured(tree)


def configured(tree: Path) -> RunConfig:
    only = ["train.epochs=1", "sample.count=32"]
    return override(RunConfig(), [f"ingest.source={tree}", *SMALL, *only])


def arrive(everything: Path, home: Path, start: int, stop: int) -> list[str]:
    photographs = sorted((everything / "img_align_celeba").iterdir())[start:stop]
    for path in photographs:
        shutil.copy2(path, home / "img_align_celeba" / path.name)
    return [path.name for path in photographs]


def go(config: RunConfig, root: Path, until: str = "analyze") -> tuple[RunResult, list[str]]:
    console = SilentConsole()
    return run(config, str(root), console=console, title="t", until=until), console.lines


def done(result: RunResult) -> list[str]:
    return [outcome.target for outcome in result.outcomes if outcome.seconds is not None]


def chunk_files(root: Path) -> set[str]:
    return {path.name for path in (root / "chunks").iterdir()}


def test_run__more_photographs_are_ingested_encoded_and_merged(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    before = open_store(root)
    names = arrive(everything, tree, FIRST, FIRST + MORE)

    result, lines = go(config, root)

    assert done(result) == ["images", "latents", "statistics"]
    store = result.store
    assert store.images["name"].values[FIRST:].tolist() == names
    assert f"{FIRST} are stored already, {MORE} have to be read." in lines
    assert f"{FIRST} images are encoded already, {MORE} are new." in lines
    assert f"The statistics of {FIRST} vectors grow by {MORE}." in lines
    np.testing.assert_array_equal(store.latents["z"][:FIRST], before.latents["z"])
    assert all(store.is_current(group) for group in store.groups)


def test_run__grown_images_and_latents_are_those_of_a_fresh_ingest_and_encoding(
    everything: Path, tree: Path, config: RunConfig, root: Path, tmp_path: Path
) -> None:
    arrive(everything, tree, FIRST, FIRST + MORE)
    grown = go(config, root)[0].store
    fresh = go(config, tmp_path / "fresh", until="ingest")[0].store

    np.testing.assert_array_equal(grown.images["image"], fresh.images["image"])
    for name in ("name", "checksum", "split", "Smiling", "landmarks"):
        np.testing.assert_array_equal(grown.images[name], fresh.images[name])
    other = override(config, ["encode.chunk=50"])
    again = go(other, root)[0].store
    np.testing.assert_array_equal(grown.latents["z"], again.latents["z"])


def test_run__merged_statistics_equal_those_from_scratch(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    arrive(everything, tree, FIRST, FIRST + 20)
    go(config, root, until="encode")  # statistics skip a night
    arrive(everything, tree, FIRST + 20, FIRST + MORE)

    store = go(config, root)[0].store

    assert_same_statistics(store.statistics, analyze(store.latents["z"].data, config.analyze))


def assert_same_statistics(merged: xr.Dataset, scratch: xr.Dataset) -> None:
    for name, expected in scratch.variables.items():
        found = merged[name].values
        if expected.dtype.kind == "i":
            np.testing.assert_array_equal(found, expected, err_msg=str(name))
    for name in ("mean", "variance", "covariance", "comoment", "radius_mean", "radius_std"):
        np.testing.assert_allclose(
            found := merged[name].values, scratch[name], rtol=1e-10, atol=1e-12
        )
        assert found.dtype == np.float64


def test_run__growth_leaves_full_chunks_on_disk_alone(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    before = chunk_files(root)
    arrive(everything, tree, FIRST, FIRST + 1)

    go(config, root, until="encode")

    new = [root / "chunks" / name for name in chunk_files(root) - before]
    chunk = 32 * 32 * 32 * 3
    images = sum(path.stat().st_size > chunk for path in new)
    assert images == 1
    assert before <= chunk_files(root)


def test_run__photographs_that_left_or_changed_are_an_error_by_default(
    tree: Path, config: RunConfig, root: Path
) -> None:
    version = open_store(root).version
    gone, swapped, *_ = sorted((tree / "img_align_celeba").iterdir())
    gone.unlink()
    swapped.write_bytes(sorted((tree / "img_align_celeba").iterdir())[5].read_bytes())

    with pytest.raises(
        SourceError, match=r"lacks 1 .*000001\.jpg.* and has changed 1 .*000002\.jpg.*reencode"
    ):
        go(config, root, until="ingest")
    assert open_store(root).version == version


def test_run__reencode_follows_the_source(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    before = open_store(root)
    photographs = sorted((tree / "img_align_celeba").iterdir())
    photographs[40].unlink()
    photographs[100].write_bytes(photographs[5].read_bytes())
    arrive(everything, tree, FIRST, FIRST + 3)
    follow = override(config, ["source.on_change=reencode"])

    result, lines = go(follow, root)

    assert done(result) == ["images", "latents", "statistics"]
    assert "1 photographs were removed from the source." in lines
    assert "1 photographs were changed in the source." in lines
    store = result.store
    names = store.images["name"].values.tolist()
    assert len(names) == FIRST + 2
    assert photographs[40].name not in names
    np.testing.assert_array_equal(store.images["image"][99], store.images["image"][5])
    np.testing.assert_array_equal(store.latents["z"][99], store.latents["z"][5])
    np.testing.assert_array_equal(store.latents["z"][:40], before.latents["z"][:40])
    np.testing.assert_array_equal(store.latents["name"], store.images["name"])
    scratch = analyze(store.latents["z"].data, config.analyze)
    assert_same_statistics(store.statistics, scratch)
    assert go(config, root)[0].store.version == store.version


def test_run__files_that_were_only_touched_are_the_same(
    tree: Path, config: RunConfig, root: Path
) -> None:
    for path in sorted((tree / "img_align_celeba").iterdir())[:9]:
        path.touch()

    assert done(go(config, root, until="ingest")[0]) == []


def test_run__a_raised_limit_reads_only_what_is_not_stored(
    config: RunConfig, tmp_path: Path
) -> None:
    root = tmp_path / "new"
    go(override(config, ["ingest.limit=44"]), root, until="ingest")

    result, lines = go(override(config, ["ingest.limit=87"]), root, until="ingest")

    assert result.store.images.sizes["image"] == 87
    assert any("are stored already" in line for line in lines)
    fresh = go(override(config, ["ingest.limit=87"]), tmp_path / "fresh", until="ingest")[0].store
    np.testing.assert_array_equal(result.store.images["image"], fresh.images["image"])


def test_run__unreadable_photographs_go_to_the_quarantine(
    tree: Path, config: RunConfig, tmp_path: Path
) -> None:
    root = tmp_path / "new"
    photographs = sorted((tree / "img_align_celeba").iterdir())
    for path in (photographs[3], photographs[60], photographs[-1]):
        path.write_bytes(path.read_bytes()[:500])

    store = go(config, root, until="ingest")[0].store

    images = store.images
    quarantined = [photographs[3].name, photographs[60].name, photographs[-1].name]
    assert images["quarantined"].values.tolist() == quarantined
    assert all(images["quarantine_reason"].values)
    assert images.sizes["image"] + images.sizes["quarantined"] == FIRST
    assert not set(images["name"].values) & set(quarantined)
    assert "fault" not in images
    fresh = go(config, tmp_path / "whole", until="ingest")[0].store
    by_name = dict(zip(fresh.images["name"].values, fresh.images["image"].values, strict=True))
    for name, image in zip(images["name"].values, images["image"].values, strict=True):
        np.testing.assert_array_equal(image, by_name[name])
    assert done(go(config, root, until="ingest")[0]) == []


def test_run__a_repaired_photograph_leaves_the_quarantine(
    everything: Path, tree: Path, config: RunConfig, tmp_path: Path
) -> None:
    root = tmp_path / "new"
    damaged = sorted((tree / "img_align_celeba").iterdir())[3]
    damaged.write_bytes(b"")
    assert go(config, root, until="ingest")[0].store.images.sizes["quarantined"] == 1
    shutil.copy2(everything / "img_align_celeba" / damaged.name, damaged)

    images = go(config, root, until="ingest")[0].store.images

    assert "quarantined" not in images.variables
    assert images["name"].values[-1] == damaged.name
    assert images.sizes["image"] == FIRST


def test_run__strict_refuses_unreadable_photographs(
    tree: Path, config: RunConfig, tmp_path: Path
) -> None:
    damaged = sorted((tree / "img_align_celeba").iterdir())[3]
    damaged.write_bytes(b"not a photograph")
    strict = override(config, ["source.strict=true"])

    with pytest.raises(SourceError, match=rf"1 photographs cannot be read: {damaged.name}"):
        go(strict, tmp_path / "store", until="ingest")

    assert open_store(tmp_path / "store").groups == ()
    go(config, tmp_path / "store", until="ingest")
    with pytest.raises(SourceError, match="--strict"):
        go(strict, tmp_path / "store", until="ingest")


def test_run__a_source_without_a_readable_photograph_is_an_error(
    tree: Path, config: RunConfig, tmp_path: Path
) -> None:
    for path in (tree / "img_align_celeba").iterdir():
        path.write_bytes(b"")

    with pytest.raises(SourceError, match="No photograph of the source can be read"):
        go(config, tmp_path / "store", until="ingest")


def test_run__retrains_on_growth_if_asked(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    retrain = override(config, ["train.on_growth=retrain"])
    arrive(everything, tree, FIRST, FIRST + 2)

    result, lines = go(retrain, root)

    assert done(result) == ["images", "model", "latents", "statistics"]
    assert not any("encoded already" in line for line in lines)


def reasons(config: RunConfig, root: Path) -> dict[str, str]:
    return {todo.step.writes: todo.reason for todo in dry_run(config, str(root), until="analyze")}


def test_dry_run__says_what_would_run_and_why(
    everything: Path, tree: Path, config: RunConfig, root: Path, tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing"
    assert set(reasons(config, nothing).values()) == {"not in the store yet"}
    assert not nothing.exists()
    assert set(reasons(config, root).values()) == {""}

    assert reasons(override(config, ["train.epochs=9"]), root) == {
        "images": "",
        "model": "model.epochs: 1 -> 9",
        "latents": "model changes",
        "statistics": "latents changes",
    }
    arrive(everything, tree, FIRST, FIRST + 2)
    assert reasons(config, root) == {
        "images": "photographs: 2 new",
        "model": "",
        "latents": "images changes",
        "statistics": "latents changes",
    }
    assert open_store(root).images.sizes["image"] == FIRST


def history(store: Store) -> list[str]:
    return [version.stage for version in store.history()]


def test_run__goes_on_after_a_rollback(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    first = open_store(root).version
    arrive(everything, tree, FIRST, FIRST + 2)
    grown = go(config, root)[0].store
    open_repository(root).rollback(first)

    again = go(config, root)[0].store

    assert history(again)[:4] == ["analyze", "encode", "ingest", "rollback"]
    np.testing.assert_array_equal(again.latents["z"], grown.latents["z"])
