"""New, changed and removed photographs: what runs again, and that its result is right."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.cluster.conftest import FIRST, MORE, arrive, chunk_files, configured, done, go
from tests.conftest import SilentConsole
from tests.shared import made_once
from zpoints.cluster.run_plan import dry_run
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.labels import Labels
from zpoints.storage import Store, open_repository, open_store


@pytest.fixture(scope="session")
def second_night(
    everything: Path, first_night: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of the first night after a night with more photographs.

    shown.json, next to the tree and the store, has the run's lines and the groups it computed.
    """

    def make(home: Path) -> None:
        shutil.copytree(first_night, home, dirs_exist_ok=True)
        names = arrive(everything, home / "tree", FIRST, FIRST + MORE)
        result, lines = go(configured(home / "tree"), home / "store")
        shown = {"names": names, "done": done(result), "lines": lines}
        (home / "shown.json").write_text(json.dumps(shown))

    return made_once(tmp_path_factory, "second-night", make)


def test_run__more_photographs_are_ingested_encoded_and_merged(
    first_night: Path, second_night: Path
) -> None:
    before, store = open_store(first_night / "store"), open_store(second_night / "store")
    shown = json.loads((second_night / "shown.json").read_text())

    assert shown["done"] == ["images", "latents", "statistics"]
    assert store.images["image"].values[FIRST:].tolist() == shown["names"]
    assert f"{FIRST} photographs stored already, {MORE} to be read." in shown["lines"]
    assert f"{FIRST} images already encoded, {MORE} new." in shown["lines"]
    assert f"statistics: {FIRST} vectors grow by {MORE}." in shown["lines"]
    np.testing.assert_array_equal(store.latents["z"][:FIRST], before.latents["z"])
    assert all(store.is_current(group) for group in store.groups)


def test_run__grown_images_are_those_of_a_fresh_ingest(second_night: Path, tmp_path: Path) -> None:
    grown = open_store(second_night / "store")

    config = configured(second_night / "tree")
    fresh = go(config, tmp_path / "fresh", until="ingest")[0].store

    np.testing.assert_array_equal(grown.images["pixels"], fresh.images["pixels"])
    for name in ("image", "checksum", "split", "Smiling", "landmarks"):
        np.testing.assert_array_equal(grown.images[name], fresh.images[name])


def test_run__grown_latents_are_those_of_a_fresh_encoding(
    second_night: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(second_night / "store", tmp_path / "store"))
    grown = open_store(root)

    other = override(configured(second_night / "tree"), ["encode.chunk=50"])
    result, lines = go(other, root, until="encode")

    assert done(result) == ["latents"]
    assert not any("already encoded" in line for line in lines)
    np.testing.assert_array_equal(grown.latents["z"], result.store.latents["z"])


@pytest.mark.slow
def test_run__merged_statistics_equal_those_from_scratch(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    arrive(everything, tree, FIRST, FIRST + 20)
    go(config, root, until="encode")  # the statistics skip a night
    arrive(everything, tree, FIRST + 20, FIRST + MORE)

    store = go(config, root)[0].store

    assert_same_statistics(store.statistics, from_scratch(store, config))


def from_scratch(store: Store, config: RunConfig) -> xr.Dataset:
    latents = store.latents
    return analyze(latents["z"].data, config.analyze, attributes=Labels(latents).table)


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


@pytest.mark.slow
def test_run__growth_does_not_rewrite_full_chunks(
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


def test_run__removed_or_changed_photographs_are_an_error_by_default(
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


@pytest.mark.slow
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
    assert "1 photograph removed from the source." in lines
    assert "1 photograph changed in the source." in lines
    store = result.store
    names = store.images["image"].values.tolist()
    assert len(names) == FIRST + 2
    assert photographs[40].name not in names
    np.testing.assert_array_equal(store.images["pixels"][99], store.images["pixels"][5])
    np.testing.assert_array_equal(store.latents["z"][99], store.latents["z"][5])
    np.testing.assert_array_equal(store.latents["z"][:40], before.latents["z"][:40])
    np.testing.assert_array_equal(store.latents["image"], store.images["image"])
    scratch = from_scratch(store, config)
    assert_same_statistics(store.statistics, scratch)
    assert go(config, root)[0].store.version == store.version


def test_run__touched_files_are_up_to_date(tree: Path, config: RunConfig, root: Path) -> None:
    for path in sorted((tree / "img_align_celeba").iterdir())[:9]:
        path.touch()

    assert done(go(config, root, until="ingest")[0]) == []


@pytest.mark.slow
def test_run__a_raised_limit_reads_only_what_is_not_stored(
    config: RunConfig, tmp_path: Path
) -> None:
    root = tmp_path / "new"
    go(override(config, ["ingest.limit=44"]), root, until="ingest")

    result, lines = go(override(config, ["ingest.limit=87"]), root, until="ingest")

    assert result.store.images.sizes["image"] == 87
    assert any("stored already" in line for line in lines)
    fresh = go(override(config, ["ingest.limit=87"]), tmp_path / "fresh", until="ingest")[0].store
    np.testing.assert_array_equal(result.store.images["pixels"], fresh.images["pixels"])


def reasons(config: RunConfig, root: Path) -> dict[str, str]:
    console = SilentConsole()
    prospects = dry_run(config, str(root), console=console, title="t", until="analyze")
    return {prospect.target: prospect.reason for prospect in prospects}


def test_dry_run__reports_what_would_run_and_why(
    everything: Path, tree: Path, config: RunConfig, root: Path, tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing"
    assert set(reasons(config, nothing).values()) == {"not in the store yet"}
    assert not nothing.exists()
    assert set(reasons(config, root).values()) == {""}

    assert reasons(override(config, ["train.epochs=9"]), root) == {
        "images": "",
        "model": "train.epochs: 1 -> 9",
        "latents": "new model",
        "statistics": "new latents",
    }
    assert reasons(override(config, ["ingest.limit=100"]), root)["images"] == (
        "ingest.limit: null -> 100"
    )
    arrive(everything, tree, FIRST, FIRST + 2)
    assert reasons(config, root) == {
        "images": "photographs: 2 new",
        "model": "",
        "latents": "new images",
        "statistics": "new latents",
    }
    assert open_store(root).images.sizes["image"] == FIRST


def history(store: Store) -> list[str]:
    return [version.stage for version in store.history()]


@pytest.mark.slow
def test_run__continues_after_a_rollback(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    first = open_store(root).version
    arrive(everything, tree, FIRST, FIRST + 2)
    grown = go(config, root)[0].store
    open_repository(root).rollback(first)

    again = go(config, root)[0].store

    assert history(again)[:4] == ["analyze", "encode", "ingest", "rollback"]
    np.testing.assert_array_equal(again.latents["z"], grown.latents["z"])


@pytest.mark.slow
def test_run__latents_follow_a_photograph_that_was_removed_and_restored(
    tree: Path, config: RunConfig, root: Path, tmp_path: Path
) -> None:
    moved = sorted((tree / "img_align_celeba").iterdir())[3]
    follow = override(config, ["source.on_change=reencode"])
    moved.rename(tmp_path / moved.name)
    go(follow, root, until="ingest")
    (tmp_path / moved.name).rename(moved)

    store = go(follow, root)[0].store

    assert store.images["image"].values[-1] == moved.name
    np.testing.assert_array_equal(store.latents["image"], store.images["image"])


def test_run__touched_files_are_compared_only_once(
    tree: Path, config: RunConfig, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (tree / "img_align_celeba").iterdir():
        path.touch()
    go(config, root)

    def refuse(self: object, key: str) -> bytes:
        raise AssertionError(f"{key} was read again")

    monkeypatch.setattr("zpoints.pipeline.ingest.files.photographs.FolderFiles.read", refuse)
    assert done(go(config, root)[0]) == []


def test_run__another_limit_also_notices_removed_photographs(
    tree: Path, config: RunConfig, root: Path
) -> None:
    sorted((tree / "img_align_celeba").iterdir())[0].unlink()

    with pytest.raises(SourceError, match="lacks 1 of the stored"):
        go(override(config, ["ingest.limit=50"]), root, until="ingest")


def test_run__results_from_fewer_photographs_are_not_current(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    arrive(everything, tree, FIRST, FIRST + 2)

    store = go(config, root, until="ingest")[0].store

    assert store.is_current("model")
    assert not store.is_current("latents")
    assert not store.is_current("statistics")


@pytest.mark.slow
def test_run__a_repaired_photograph_counts_before_others_within_a_limit(
    everything: Path, tree: Path, config: RunConfig, tmp_path: Path
) -> None:
    limited = override(config, ["ingest.limit=40"])
    photographs = sorted((tree / "img_align_celeba").iterdir())
    photographs[0].write_bytes(b"")
    images = go(limited, tmp_path / "new", until="ingest")[0].store.images
    assert images["quarantined"].values.tolist() == [photographs[0].name]
    shutil.copy2(everything / "img_align_celeba" / photographs[0].name, photographs[0])

    images = go(limited, tmp_path / "new", until="ingest")[0].store.images

    assert images["image"].values[-1] == photographs[0].name
    assert images.sizes["image"] == 40


def test_run__new_photographs_beyond_a_limit_change_nothing(
    everything: Path, tree: Path, config: RunConfig, tmp_path: Path
) -> None:
    limited = override(config, ["ingest.limit=40"])
    go(limited, tmp_path / "new", until="ingest")
    arrive(everything, tree, FIRST, FIRST + 2)

    assert done(go(limited, tmp_path / "new", until="ingest")[0]) == []
