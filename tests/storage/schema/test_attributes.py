"""Opened groups are written by xarray: their attributes are what netCDF and Zarr can hold."""

import xarray as xr

from tests.storage.conftest import blocks_of, photographs, pixels
from zpoints.storage import open_store
from zpoints.storage.marks import result_kind_of
from zpoints.storage.schema.attributes import as_netcdf, nested
from zpoints.storage.schema.provenance import provenance_of


def published(repository) -> None:
    work = repository.begin(stage="ingest", fingerprint="ff", groups=("images",))
    attrs = {"limit": None, "crop": 140, "settings": {"box": [1, None]}, "settled": True}
    work.create("images", photographs(8), attrs=attrs)
    work.write_chunks("images", blocks_of("pixels", pixels(8)))
    work.publish(message="ingested", rows=8)


def test_as_netcdf__keeps_text_numbers_and_lists_of_numbers():
    attrs = {"query": "Smiling", "seed": 3, "level": 2.5, "box": [1, 2]}

    assert as_netcdf(attrs) == attrs
    assert as_netcdf({"names": ["a"], "settled": True, "limit": None}) == {
        "names": '["a"]', "settled": "true",
    }  # fmt: skip


def test_nested__is_empty_where_there_is_no_object():
    assert nested({"a": "text", "b": 3, "c": "[1]"}, "a") == {}
    assert nested({"c": "[1]"}, "c") == nested({}, "d") == {}


def test_group__has_attributes_that_xarray_writes_to_netcdf(repository, root, tmp_path):
    published(repository)
    images = open_store(root).images

    # netCDF 3, which SciPy writes, has no uint8; the attributes are checked alike.
    bare = {name: ((), 0.0, v.attrs) for name, v in images.variables.items()}
    xr.Dataset(bare, attrs=images.attrs).to_netcdf(tmp_path / "x.nc", engine="scipy")

    read = xr.open_dataset(tmp_path / "x.nc", engine="scipy")
    assert provenance_of(read.attrs) == provenance_of(images.attrs)
    assert provenance_of(read.attrs)["stage"] == "ingest"
    assert nested(read.attrs, "settings") == {"box": [1, None]}
    assert "limit" not in read.attrs


def test_group__written_by_xarray_to_zarr_is_known_as_a_result(repository, root, tmp_path):
    published(repository)

    open_store(root).images.to_zarr(tmp_path / "x.zarr", zarr_format=3, consolidated=False)

    assert result_kind_of(tmp_path / "x.zarr") == "export"
    assert xr.open_zarr(tmp_path / "x.zarr", consolidated=False).sizes["image"] == 8
