"""Unreadable photographs: quarantined by name with the reason, and tried again."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cluster.conftest import FIRST, done, go
from tests.pipeline.ingest.decoding.damage import END, before, jfif, scan_header, with_exif
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import SourceError
from zpoints.storage import open_store


@pytest.mark.slow
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
    assert not set(images["image"].values) & set(quarantined)
    assert "fault" not in images
    fresh = go(config, tmp_path / "fresh", until="ingest")[0].store
    by_name = dict(zip(fresh.images["image"].values, fresh.images["pixels"].values, strict=True))
    for name, image in zip(images["image"].values, images["pixels"].values, strict=True):
        np.testing.assert_array_equal(image, by_name[name])
    assert done(go(config, root, until="ingest")[0]) == []


def sparse(path: Path) -> None:
    """Make a file of 60 GB that takes no room."""
    with path.open("wb") as file:
        file.truncate(60 * 10**9)


@pytest.mark.slow
def test_run__stores_what_costs_no_pixel_and_says_what_is_refused(
    everything: Path, tree: Path, config: RunConfig, tmp_path: Path
) -> None:
    """Situation by photograph: what becomes of it, and what is reported."""
    paths = sorted((tree / "img_align_celeba").iterdir())[:9]
    sound = [path.read_bytes() for path in paths]
    situations: list[tuple[bytes, str]] = [
        (before(sound[0], END, b"\0\0"), ""),
        (before(sound[1], END, b"made by a camera"), ""),
        (scan_header(sound[2], b"\0\0\0"), ""),
        (jfif(sound[3], 2), ""),
        (sound[4][:-2], ""),
        (with_exif(before(sound[5], END, b"\0\0")), ""),
        (with_exif(sound[6][:-200]), "premature end of data segment"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not an image of a known format"),
        (b"", "60,000,000,000 bytes is more than the limit of"),
    ]
    for path, (content, _) in zip(paths, situations, strict=True):
        path.write_bytes(content)
    sparse(paths[-1])

    images = go(config, tmp_path / "store", until="ingest")[0].store.images

    fresh = everything_stored(everything, config, tmp_path)
    by_name = dict(zip(images["image"].values, images["pixels"].values, strict=True))
    reasons = dict(
        zip(images["quarantined"].values, images["quarantine_reason"].values, strict=True)
    )
    for path, (_, reason) in zip(paths, situations, strict=True):
        if reason:
            assert reason in reasons[path.name]
        else:
            np.testing.assert_array_equal(by_name[path.name], fresh[path.name])
    assert len(reasons) == 3


def everything_stored(tree: Path, config: RunConfig, scratch: Path) -> dict[str, np.ndarray]:
    """The images of the sound photographs by name."""
    config = override(config, [f"ingest.source={tree}"])
    images = go(config, scratch / "sound", until="ingest")[0].store.images
    return dict(zip(images["image"].values, images["pixels"].values, strict=True))


@pytest.mark.slow
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
    assert images["image"].values[-1] == damaged.name
    assert images.sizes["image"] == FIRST


def test_run__strict_refuses_unreadable_photographs(
    tree: Path, config: RunConfig, tmp_path: Path
) -> None:
    damaged = sorted((tree / "img_align_celeba").iterdir())[3]
    damaged.write_bytes(b"not a photograph")
    strict = override(config, ["source.strict=true"])

    with pytest.raises(SourceError, match=rf"1 photograph cannot be read: {damaged.name}"):
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

    first = min(path.name for path in (tree / "img_align_celeba").iterdir())
    with pytest.raises(
        SourceError,
        match=rf"None of 32 photographs .*{first}, .* and 29 others\): .*Nothing was started",
    ):
        go(config, tmp_path / "store", until="ingest")


@pytest.mark.slow
def test_run__a_damaged_photograph_that_arrives_goes_to_the_quarantine(
    tree: Path, config: RunConfig, tmp_path: Path
) -> None:
    root = tmp_path / "store"
    go(config, root, until="ingest")
    (tree / "img_align_celeba" / "999999.jpg").write_bytes(b"not a photograph")

    images = go(config, root, until="ingest")[0].store.images

    assert images["quarantined"].values.tolist() == ["999999.jpg"]
    assert images.sizes["image"] == FIRST


@pytest.mark.slow
def test_run__quarantine_in_a_set_smaller_than_a_chunk(
    tree: Path, config: RunConfig, tmp_path: Path
) -> None:
    photographs = sorted((tree / "img_align_celeba").iterdir())
    photographs[0].write_bytes(b"")
    large = override(config, ["ingest.chunk=512", "encode.chunk=2048"])

    store = go(large, tmp_path / "new")[0].store

    assert store.images["pixels"].shape[0] == store.latents["z"].shape[0] == FIRST - 1
    assert store.images["pixels"].values.reshape(FIRST - 1, -1).any(axis=1).all()


def test_run__a_photograph_that_breaks_later_counts_as_changed(
    tree: Path, config: RunConfig, root: Path
) -> None:
    broken = sorted((tree / "img_align_celeba").iterdir())[7]
    broken.write_bytes(b"")
    with pytest.raises(SourceError, match=rf"has changed 1 .*{broken.name}"):
        go(config, root, until="ingest")

    follow = override(config, ["source.on_change=reencode"])
    images = go(follow, root, until="ingest")[0].store.images

    assert images["quarantined"].values.tolist() == [broken.name]
    assert broken.name not in images["image"].values
