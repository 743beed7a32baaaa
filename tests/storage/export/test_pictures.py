"""Picture files have the stored pixels and names; the export holds one chunk in memory."""

import tracemalloc
from functools import partial

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from tests.storage.conftest import photographs, pixels, publish_images, publish_latents
from zpoints.storage import Block, StoreError, export_images, export_sheets, open_store
from zpoints.storage.arrays.layout import unwritten
from zpoints.storage.export.forms import export
from zpoints.storage.export.picture_names import picture_names


def publish_named(repository, names, shape=(8, 8, 3), chunk=3):
    """Publish a group `images` with these names; returns its random pixels."""
    count = len(names)
    images = unwritten(("image", "y", "x", "channel"), (count, *shape), np.uint8, chunk=chunk)
    others = photographs(count).drop_vars("pixels")
    template = others.assign(pixels=images).assign_coords(image=np.array(names))
    values = np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)
    work = repository.begin(stage="ingest", fingerprint="ff", groups=("images",))
    work.create("images", template)
    blocks = [
        Block(start, stop, partial(dict, pixels=values[start:stop]))
        for start in range(0, count, chunk)
        for stop in [min(start + chunk, count)]
    ]
    work.write_chunks("images", blocks)
    work.publish(message="ingested", rows=count)
    return values


def test_export_images__pngs_hold_every_pixel_under_the_stored_name(repository, root, tmp_path):
    publish_images(repository)

    folder = export_images(open_store(root), "images", tmp_path / "out")

    expected = pixels(8)
    assert sorted(p.name for p in folder.glob("*.png")) == [f"{row:06d}.png" for row in range(8)]
    for row in range(8):
        assert np.array_equal(np.asarray(Image.open(folder / f"{row:06d}.png")), expected[row])
    assert '"group": "images"' in (folder / "_export.json").read_text()


def test_export_images__jpegs_are_close(repository, root, tmp_path):
    publish_images(repository)
    seen = []

    folder = export_images(
        open_store(root),
        "images",
        tmp_path / "out",
        form="jpeg",
        on_progress=lambda *done: seen.append(done),
    )

    shown = np.stack([np.asarray(Image.open(p)) for p in sorted(folder.glob("*.jpg"))])
    assert shown.shape == (8, 8, 8, 3)
    assert np.abs(shown.astype(float) - pixels(8)).mean() < 10
    assert seen == [(3, 8), (6, 8), (8, 8)]


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["a/x.jpg", "b/x.jpg"], ["a/x.png", "b/x.png"]),
        (["x.jpg", "x.jpeg"], ["x.jpeg.png", "x.jpg.png"]),
        (["0.parquet:1", "0.parquet:2"], ["0.parquet:1.png", "0.parquet:2.png"]),
        (["/x.jpg", "../y.jpg"], ["x.png", "y.png"]),
        (["x.jpg", "../x.jpg"], ["0.png", "1.png"]),
        (["..", "x.jpg"], ["0.png", "x.png"]),
    ],
)
def test_export_images__names_are_distinct_and_stay_inside_the_folder(
    repository, root, tmp_path, names, files
):
    publish_named(repository, names)

    folder = export_images(open_store(root), "images", tmp_path / "out")

    found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.png"))
    assert found == files


def test_picture_names__of_many_samples_take_no_memory():
    images = xr.Dataset({"pixels": ("sample", np.zeros(10**6, np.uint8))})

    tracemalloc.start()
    named = picture_names(images, ".png")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert named(7) == "000007.png"
    assert peak < 2**20


def test_export_sheets__images_follow_in_order(repository, root, tmp_path):
    publish_images(repository)

    folder = export_sheets(open_store(root), "images", tmp_path / "out", columns=2, rows=3)

    expected = pixels(8)
    first, second = (np.asarray(Image.open(folder / f"sheet-{k}.png")) for k in (1, 2))
    assert first.shape == (3 * 10 - 2, 2 * 10 - 2, 3)
    assert second.shape == (8, 18, 3)
    assert np.array_equal(first[20:28, 10:18], expected[5])
    assert np.array_equal(second[:, :8], expected[6])
    assert (first[8:10] == 255).all()


def test_export_sheets__refuses_empty_and_oversized_sheets(repository, root, tmp_path):
    publish_images(repository)
    store = open_store(root)

    for columns, rows in ((0, 3), (10_000, 10_000), (2.5, 2), ("2", 2)):
        with pytest.raises(StoreError, match="Change columns or rows"):
            export_sheets(store, "images", tmp_path / "out", columns=columns, rows=rows)
    assert not (tmp_path / "out").exists()


def test_export__sheets_are_made_as_asked_for(repository, root, tmp_path):
    publish_images(repository)

    folder = export(
        open_store(root), "images", tmp_path / "out", form="png", sheet={"columns": 2, "rows": 2}
    )

    assert sorted(path.name for path in folder.glob("*.png")) == ["sheet-1.png", "sheet-2.png"]


@pytest.mark.parametrize("form", ["zarr", "parquet", "csv", "npy"])
def test_export__refuses_a_sheet_in_a_form_without_sheets(repository, root, tmp_path, form):
    publish_images(repository)

    with pytest.raises(StoreError, match=rf"'{form}' has no contact sheets.*one of png, jpeg"):
        export(open_store(root), "images", tmp_path / "out", form=form, sheet={"columns": 2})
    assert not (tmp_path / "out").exists()


def test_export__refuses_a_sheet_of_unknown_parts(repository, root, tmp_path):
    publish_images(repository)

    with pytest.raises(StoreError, match=r"sheet has 'cols'; expected .* columns and rows"):
        export(open_store(root), "images", tmp_path / "out", form="png", sheet={"cols": 2})


@pytest.mark.parametrize("write", [export_images, export_sheets])
def test_export_images__refuses_groups_without_images(repository, root, tmp_path, write):
    publish_images(repository)
    publish_latents(repository)

    with pytest.raises(StoreError, match=r"latents has no images .* groups have: images"):
        write(open_store(root), "latents", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_export_images__replaces_an_earlier_export_only(repository, root, tmp_path):
    publish_images(repository)
    store, mine = open_store(root), tmp_path / "mine"
    mine.mkdir()
    (mine / "diary.txt").write_text("dear diary")
    export_images(store, "images", tmp_path / "out")

    with pytest.raises(StoreError, match="out exists: name a new folder"):
        export_images(store, "images", tmp_path / "out")
    with pytest.raises(StoreError, match="not an earlier export"):
        export_images(store, "images", mine, overwrite=True)
    export_sheets(store, "images", tmp_path / "out", overwrite=True)

    assert (mine / "diary.txt").exists()
    assert [p.name for p in (tmp_path / "out").glob("*.png")] == ["sheet-1.png"]


@pytest.mark.parametrize(
    ("name", "described"),
    [("notes.txt", "notes.txt"), ("a/mine.png", "1 more files"), ("linked", "linked")],
)
def test_export_images__replaces_no_folder_with_files_of_others(
    repository, root, tmp_path, name, described
):
    publish_images(repository)
    store, out = open_store(root), tmp_path / "out"
    export_images(store, "images", out)
    (tmp_path / "thesis").mkdir()
    (out / "a").mkdir()
    if name == "linked":
        (out / name).symlink_to(tmp_path / "thesis")
    else:
        (out / name).write_text("mine")

    with pytest.raises(StoreError, match=rf"holds other files \({described}.* Move them"):
        export_sheets(store, "images", out, overwrite=True)

    assert (out / name).exists()


def test_export_images__holds_a_chunk_at_a_time_grey_ones_too(repository, root, tmp_path):
    names = [f"{row}.jpg" for row in range(400)]
    values = publish_named(repository, names, shape=(64, 64, 1), chunk=20)

    tracemalloc.start()
    folder = export_images(open_store(root), "images", tmp_path / "out")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < values.nbytes
    picture = Image.open(folder / "399.png")
    assert picture.mode == "L"
    assert np.array_equal(np.asarray(picture), values[399, :, :, 0])
