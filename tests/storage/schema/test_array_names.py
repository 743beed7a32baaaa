"""Names of labels as names of arrays: reversible, and never a path."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from zpoints.storage.arrays.layout import layout
from zpoints.storage.schema.array_names import array_name, label_name

ODD = ["../x", "..", ".", "zarr.json", "c/0", "__a", "a b", "a\\b", "100%", "%20", "~", "é", "日本"]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_array_name__is_reversible_and_no_path(label: str) -> None:
    array = array_name(label)

    assert label_name(array) == label
    assert not set(array) & set("/\\ .\0\n")
    assert not array.startswith("_")


@pytest.mark.parametrize("label", ["Smiling", "5_o_Clock_Shadow", "reconstruction_error", "Bärtig"])
def test_array_name__leaves_plain_names_as_they_are(label: str) -> None:
    assert array_name(label) == label


def test_array_name__differs_for_different_labels() -> None:
    assert len(set(map(array_name, ODD))) == len(ODD)


def test_layout__labels_of_any_name_are_read_back_as_coordinates(tmp_path: Path) -> None:
    rows = {name: ("image", [True, False, k % 2 == 0]) for k, name in enumerate(ODD)}
    latents = {"z": (("image", "component"), np.zeros((3, 2), np.float32))}
    dataset, encoding = layout("latents", xr.Dataset(latents, coords=rows))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset.to_zarr(tmp_path / "out", zarr_format=3, consolidated=False, encoding=encoding)
        stored = xr.open_zarr(tmp_path / "out", consolidated=False)

    assert {label_name(str(name)) for name in stored.coords} == set(ODD)
    assert list(stored.data_vars) == ["z"]
