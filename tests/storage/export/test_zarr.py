"""A group as a plain Zarr store, and the folders that an export may replace."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr

from tests.storage.conftest import (
    begin,
    blocks_of,
    latent_template,
    pixels,
    publish_images,
    publish_latents,
    vectors,
)
from zpoints.storage import StoreError, StoreNotFoundError, export_group, open_store
from zpoints.storage.export.zarr import appearing


def test_export_group__plain_xarray_reads_it_without_a_warning(repository, root, tmp_path):
    publish_images(repository)
    publish_latents(repository)
    store = open_store(root)

    for group in ("images", "latents"):
        export_group(store, group, tmp_path / "out" / group)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images = xr.open_zarr(tmp_path / "out" / "images")
        latents = xr.open_zarr(tmp_path / "out" / "latents")
        assert images.load().identical(store.images)
        assert latents.load().identical(store.latents)
    assert np.array_equal(images.pixels, pixels(8))
    assert np.array_equal(latents.z, vectors(8))
    assert latents.z.encoding["chunks"] == (3, 4)


def test_export_group__all_groups_of_a_run_are_read_without_a_warning(small_root, tmp_path):
    store = open_store(small_root)

    for group in store.groups:
        export_group(store, group, tmp_path / group)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for group in store.groups:
            exported = xr.open_zarr(tmp_path / group).load()
            assert set(exported.coords) == set(store.group(group).coords)
            arrays = dict(zarr.open_group(tmp_path / group, mode="r").arrays())
            assert all(len(array[...]) == array.shape[0] for array in arrays.values() if array.ndim)


def test_export_group__labels_of_any_name_are_coordinates(repository, root, tmp_path):
    names = (
        "Wearing Hat",
        "Wearing_Hat",
        "a\u3000b\tc",
        "7",
        ".hidden",
        "50%",
        "_x",
        "c++",
        "e\u0301",
    )
    labels = {name: ("image", np.arange(8) % k > 0) for k, name in enumerate(names, 2)}
    work = begin(repository)
    work.create("latents", latent_template(8).assign_coords(labels))
    work.write_chunks("latents", blocks_of("z", vectors(8)))
    work.publish(message="encoded", rows=8)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export_group(open_store(root), "latents", tmp_path / "out")
        exported = xr.open_zarr(tmp_path / "out")

    assert set(exported.data_vars) == {"z", "reconstruction_error"}
    found = {c.attrs.get("label", str(n)): c.values for n, c in exported.coords.items()}
    for name, (_, values) in labels.items():
        np.testing.assert_array_equal(found[name], values)
    assert "Wearing_Hat_" in exported.coords


def test_export_group__metadata_are_consolidated_zarr_3(repository, root, tmp_path):
    publish_latents(repository)

    written = export_group(open_store(root), "latents", tmp_path / "plain.zarr")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        group = zarr.open_consolidated(written)
    assert group.metadata.zarr_format == 3
    assert "Crc32cCodec" in repr(group["z"].compressors)


def test_export_group__existing_destination_is_refused(repository, root, tmp_path):
    publish_latents(repository)
    (tmp_path / "there").mkdir()

    with pytest.raises(StoreError, match=r"there exists: .* with --overwrite\.$"):
        export_group(open_store(root), "latents", tmp_path / "there")
    with pytest.raises(StoreError, match="not an earlier export"):
        export_group(open_store(root), "latents", tmp_path / "there", overwrite=True)


@pytest.mark.parametrize("name", ["notes.txt", "z/notes.txt", "z/c/0/0.png", "thesis/one.tex"])
def test_export_group__replaces_no_folder_with_files_of_others(repository, root, tmp_path, name):
    publish_latents(repository)
    store, out = open_store(root), tmp_path / "out"
    export_group(store, "latents", out)
    export_group(store, "latents", out, overwrite=True)
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    (out / name).write_text("mine")

    with pytest.raises(StoreError, match=rf"holds other files \({name}\), .* Move them"):
        export_group(store, "latents", out, overwrite=True)

    assert (out / name).read_text() == "mine"


@pytest.mark.parametrize("made", [True, False])
def test_export_group__follows_a_link(repository, root, tmp_path, made):
    publish_latents(repository)
    store, out = open_store(root), tmp_path / "out"
    (tmp_path / "link").symlink_to(out)
    if made:
        export_group(store, "latents", out)

    export_group(store, "latents", tmp_path / "link", overwrite=made)

    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir() if "." in path.name) == []
    assert "z" in xr.open_zarr(out)


@pytest.mark.parametrize("kind", [str, Path])
def test_export_group__refuses_a_url(repository, root, tmp_path, monkeypatch, kind):
    publish_latents(repository)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(StoreError, match="is not a local folder"):
        export_group(open_store(root), "latents", kind("s3://bucket/latents"))

    assert not (tmp_path / "s3:").exists()


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), PermissionError(13, "no")]
)
def test_appearing__a_failure_to_write_names_the_folder(tmp_path, error):
    with (
        pytest.raises(StoreError, match=r"out cannot be written \((No space|no).*nothing was"),
        appearing(tmp_path / "out", "latents", overwrite=False),
    ):
        raise error

    assert list(tmp_path.iterdir()) == []


def test_export_group__a_folder_that_cannot_be_replaced_stays(
    repository, root, tmp_path, monkeypatch
):
    publish_latents(repository)
    store, out = open_store(root), tmp_path / "out"
    export_group(store, "latents", out)
    rename = Path.rename

    def fail(path, target):
        if path.name.endswith(".partial"):
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(StoreError, match="out cannot be written"):
        export_group(store, "latents", out, overwrite=True)

    assert "z" in xr.open_zarr(out)
    assert list(tmp_path.glob(".out*")) == []


def test_appearing__exports_at_the_same_time_leave_each_other_alone(tmp_path):
    target = tmp_path / "out"

    def export(name, meanwhile):
        with appearing(target, "latents", overwrite=False) as folder:
            (folder / name).touch()
            meanwhile()
            assert (folder / name).exists()

    with pytest.raises(StoreError, match="out exists"):
        export("slow", lambda: export("fast", lambda: None))

    assert [path.name for path in target.iterdir()] == ["fast"]
    assert list(tmp_path.iterdir()) == [target]


def test_export_group__overwrite_replaces_an_earlier_export(repository, root, tmp_path):
    publish_images(repository)
    publish_latents(repository)
    store = open_store(root)
    export_group(store, "images", tmp_path / "out")

    export_group(store, "latents", tmp_path / "out", overwrite=True)

    assert "z" in xr.open_zarr(tmp_path / "out")


def test_export_group__missing_group_leaves_nothing_behind(repository, root, tmp_path):
    with pytest.raises(StoreNotFoundError):
        export_group(open_store(root), "latents", tmp_path / "out" / "latents")

    assert not (tmp_path / "out").exists()
