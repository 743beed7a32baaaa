"""Groups as xarray users expect them: rows by name, labelled dims, units, and a fixed order."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.storage.conftest import begin, blocks_of, latent_template, publish_images, vectors
from tests.storage.conftest import publish_latents as publish
from zpoints.storage import export_group, open_store
from zpoints.storage.schema.description import described
from zpoints.storage.schema.registry import VARIABLES


def test_sel__finds_rows_by_the_names_of_photographs(repository, root):
    publish_images(repository)
    publish(repository)
    store = open_store(root)

    chosen = store.latents.sel(image="000003.jpg")

    np.testing.assert_array_equal(chosen.z, vectors(8)[3])
    assert not chosen.Smiling
    assert chosen.checksum == 2**63 + 3
    between = store.images.pixels.loc["000002.jpg":"000004.jpg"]
    assert between.image.values.tolist() == ["000002.jpg", "000003.jpg", "000004.jpg"]
    assert between.Smiling.values.tolist() == [True, False, True]


def test_sel__aligns_with_pandas_by_name(repository, root):
    publish(repository)
    z = open_store(root).latents.z
    ages = pd.Series({"000005.jpg": 30.0, "000001.jpg": 20.0}, name="age")

    chosen = z.sel(image=ages.index)

    np.testing.assert_array_equal(chosen, vectors(8)[[5, 1]])
    joined = z.assign_coords(age=ages.rename_axis("image").to_xarray().reindex_like(z.image))
    np.testing.assert_array_equal(joined.age[[1, 5]], [20.0, 30.0])
    weighted = z * ages.rename_axis("image").to_xarray()
    np.testing.assert_array_equal(
        weighted.sel(image="000001.jpg"), vectors(8)[1].astype(float) * 20
    )


def test_align__images_and_latents_by_name(repository, root):
    publish_images(repository)
    publish(repository)
    store = open_store(root)

    images, latents = xr.align(store.images, store.latents.isel(image=[6, 2]))

    assert images.image.values.tolist() == latents.image.values.tolist()
    assert set(images.image.values) == {"000002.jpg", "000006.jpg"}


def test_group__labels_are_coordinates_in_the_order_of_the_registry(repository, root):
    publish_images(repository)

    images = open_store(root).images

    known = [name for name in VARIABLES["images"] if name in images.variables]
    attributes = ["5_o_Clock_Shadow", "Male", "Smiling"]
    assert list(images.data_vars) == ["pixels"]
    assert list(images.variables) == [*known, *attributes]
    assert list(images.dims) == ["image", "y", "x", "channel", "landmark", "axis"]
    assert images.channel.values.tolist() == ["red", "green", "blue"]
    assert {"image", "channel", "landmark", "axis"} == set(images.indexes)


@pytest.mark.services
def test_group__order_is_the_same_in_every_process(repository, root):
    publish_images(repository)
    publish(repository)
    code = f"""
from zpoints.storage import open_store
store = open_store({str(root)!r})
for group in store.groups:
    opened = store.group(group)
    print(list(opened.variables), list(opened.coords), list(opened.dims))
"""

    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }

    assert len(printed) == 1


def test_group__every_variable_has_a_long_name_and_units(repository, root):
    hat = {"Wearing Hat": ("image", np.arange(8) > 3)}
    work = begin(repository)
    work.create("latents", latent_template(8).assign_coords(hat))
    work.write_chunks("latents", blocks_of("z", vectors(8)))
    work.publish(message="encoded", rows=8)

    latents = open_store(root).latents

    for name, variable in latents.variables.items():
        known = VARIABLES["latents"].get(str(name))
        assert variable.attrs["long_name"] == (known.meaning if known else name)
        assert variable.attrs["units"] == (known.units if known else "1")


def test_publish__keeps_labels_and_attributes_of_variables_when_a_group_grows(repository, root):
    publish(repository, 5)
    before = open_store(root).latents
    work = begin(repository, "bb")
    carried = np.array([0, 1, 2, 3, 4, -1, -1, -1])
    work.create("latents", latent_template(8), carried=carried)
    work.write_chunks("latents", blocks_of("z", vectors(8)))
    work.publish(message="grown", rows=8)

    grown = open_store(root).latents

    assert grown.image.values.tolist() == [f"{row:06d}.jpg" for row in range(8)]
    assert grown.indexes["image"].is_unique
    for name, variable in before.variables.items():
        assert grown[name].attrs == variable.attrs


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_described__numbers_dims_and_keeps_what_is_there(channels):
    pixels = ("sample", "y", "x", "channel"), np.zeros((2, 1, 1, channels), np.uint8)
    z = ("sample", "component"), np.zeros((2, 3), np.float32)
    drawn = xr.Dataset({"pixels": pixels, "z": z}, {"component": [4, 5, 6]})

    found = described("samples/any", drawn)

    assert found.sample.values.tolist() == [0, 1]
    assert found.component.values.tolist() == [4, 5, 6]
    assert ("channel" in found.coords) == (channels != 2)
    assert described("samples/any", found).identical(found)


def test_described__middles_of_intervals_label_distributions():
    edges = ("component", "edge"), np.array([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0]])
    counts = ("component", "bin"), np.ones((2, 2), np.int64)
    radii = ("radius_bin", np.ones(2, np.int64)), ("radius_edge", np.array([1.0, 2.0, 4.0]))
    statistics = xr.Dataset(
        {
            "histogram": counts,
            "histogram_edges": edges,
            "radius_histogram": radii[0],
            "radius_edges": radii[1],
        }
    )

    found = described("statistics", statistics)

    chosen = found.histogram.sel(component=1)
    np.testing.assert_array_equal(chosen.bin, [1.0, 3.0])
    (line,) = chosen.plot()
    np.testing.assert_array_equal(line.get_xdata(), [1.0, 3.0])
    assert line.axes.get_xlabel() == "value of the component [1]"
    np.testing.assert_array_equal(found.radius_histogram.radius_bin, [1.5, 3.0])
    assert found.histogram.sum("bin").to_series().to_dict() == {0: 2, 1: 2}


def test_open__labels_of_every_kind_come_back_as_they_were(repository, root, tmp_path):
    labels = {
        "digit": np.arange(8),
        "age": np.array([41.5, np.nan, *range(6)]),
        "born": np.array(["1990-05-01T10:00", "NaT", *["2026-11-30"] * 6], "M8[us]"),
        "first seen": np.array(["1503-06-01", *["NaT"] * 7], "M8[us]"),
        "species": np.array(["cat", "", *["emu"] * 6], dtype=object),
    }
    given = {name: ("image", values) for name, values in labels.items()}
    work = begin(repository)
    work.create("latents", latent_template(8).assign_coords(given))
    work.write_chunks("latents", blocks_of("z", vectors(8)))
    work.publish(message="encoded", rows=8, metadata={})

    latents = open_store(root).latents

    for name, values in labels.items():
        np.testing.assert_array_equal(latents[name].values, values)
        assert latents[name].attrs["long_name"] == name
        assert latents[name].dtype.kind in (values.dtype.kind, "T")
    assert latents.query(image="`first seen` < '1600-01-01'").sizes["image"] == 1
    assert latents.sel(image="000000.jpg")["born"] == np.datetime64("1990-05-01T10:00")
    export_group(open_store(root), "latents", tmp_path / "export")
    exported = xr.open_zarr(tmp_path / "export")
    assert exported["first_seen"].values.tolist() == ["1503-06-01T00:00:00.000000", *[""] * 7]
    np.testing.assert_array_equal(exported["born"], labels["born"])
