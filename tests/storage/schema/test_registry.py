"""The registry of variables, and datasets that agree or disagree with it."""

import numpy as np
import pytest
import xarray as xr

from tests.storage.conftest import latent_template, photographs
from zpoints.storage import SCHEMA_VERSION, SchemaError, label_variables, validate
from zpoints.storage.schema.quality import ADDED
from zpoints.storage.schema.registry import KINDS, VARIABLES, kind_of


def test_variables__every_entry_is_well_formed():
    assert set(VARIABLES) == set(KINDS)
    for variables in VARIABLES.values():
        for variable in variables.values():
            assert variable.meaning
            assert variable.dtype == "str" or np.dtype(variable.dtype)


@pytest.mark.parametrize("group", ["faces", "samples", "samples/", "samples/a/b", "images/x"])
def test_kind_of__unknown_group_is_refused(group):
    with pytest.raises(SchemaError, match="Unknown group"):
        kind_of(group)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(4, bool),
        np.arange(4),
        np.array([1.5, np.nan, 3, 4]),
        np.array(["2026-11-30", "NaT", "1503-06-01", "1990-05-01"], "M8[us]"),
        np.array(["cat", "", "dog", "cat"], dtype=object),
    ],
)
def test_validate__accepts_photographs_with_a_label_of_any_kind(values):
    dataset = photographs(4).assign_coords(anything=("image", values))

    validate("images", dataset)
    assert "anything" in label_variables(dataset)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda d: d.drop_vars("z"), r"z \('image', 'component'\) float32 is missing"),
        (lambda d: d.assign(z=d.z.astype("f8")), "z has dtype float64, expected float32"),
        (lambda d: d.assign(z=d.z.T), r"z has dims \('component', 'image'\), expected"),
        (lambda d: d.assign(noise=d.z), "noise is not in the registry"),
        (
            lambda d: d.assign_coords(Age=("image", np.ones(4, np.float32))),
            r"Age has dtype float32, expected that of a label \(bool, datetime64\[us\], float64,",
        ),
        (
            lambda d: d.assign_coords(born=("image", np.zeros(4, "M8[D]"))),
            r"born has dtype datetime64\[s\]",
        ),
        (
            lambda d: d.assign_coords(signature=("image", ["a"] * 4)),
            "signature is not in the registry",
        ),
        (lambda d: d.assign(age=("component", np.ones(4))), "age is not in the registry"),
    ],
)
def test_validate__names_every_disagreement(change, complaint):
    with pytest.raises(SchemaError, match=complaint):
        validate("latents", change(latent_template(4)))


def test_validate__samples_need_their_generator():
    dataset = xr.Dataset(attrs={"generator": "ellipse", "parameters": {}, "seed": 0})

    with pytest.raises(SchemaError, match="attribute constraint is missing"):
        validate("samples/ellipse", dataset)


def test_validate__newer_schema_is_refused():
    dataset = latent_template(4).assign_attrs(schema_version=SCHEMA_VERSION + 1)

    with pytest.raises(SchemaError, match="Install a newer zpoints"):
        validate("latents", dataset)


def test_label_variables__are_a_valid_description_of_latents():
    described = label_variables(photographs(4))

    assert "pixels" not in described
    assert {"image", "checksum", "split", "Smiling", "landmarks", "landmark"} <= set(described)
    z = latent_template(4)[["z"]].reset_coords(drop=True)
    validate("latents", z.assign_coords(described))


def quality(*lost: str, inputs: tuple[str, ...]) -> xr.Dataset:
    """A group `quality/x` with all variables but those that are lost, made from some groups."""
    sizes = {"sample": 2, "component": 3, "level": 2}
    arrays = {
        name: (v.dims, np.zeros([sizes[dim] for dim in v.dims], v.dtype))
        for name, v in VARIABLES["quality"].items()
        if v.required and name not in lost
    }
    attrs = dict.fromkeys(("judged", "held_out", "count", "wanted", "level"), 1)
    provenance = {"inputs": dict.fromkeys(inputs, "")}
    return xr.Dataset(arrays, attrs={**attrs, "provenance": provenance})


OF_IMAGES = ["reencoded", "swd", "round_trip", "round_trip_distance", "swd_by_level", "level"]


@pytest.mark.parametrize("lost", OF_IMAGES)
def test_validate__quality_of_images_has_all_of_its_measures(lost):
    validate("quality/x", quality(inputs=("latents", "model")))

    with pytest.raises(SchemaError, match=rf"{lost} \(.* is missing"):
        validate("quality/x", quality(lost, inputs=("latents", "model")))


def test_validate__quality_of_imported_vectors_has_no_measure_of_images():
    of_images = [n for n, v in VARIABLES["quality"].items() if v.made_with]
    assert set(OF_IMAGES) <= set(of_images)

    validate("quality/x", quality(*of_images, inputs=("latents",)))
    with pytest.raises(SchemaError, match="swd follows from the group model, without which"):
        validate("quality/x", quality(inputs=("latents",)))


def test_validate__quality_of_earlier_versions_lacks_measures_that_were_added():
    of_images = [n for n, v in VARIABLES["quality"].items() if v.made_with]
    earlier = quality(*of_images, inputs=("latents",))

    assert not set(ADDED) & set(earlier.variables)
    validate("quality/x", earlier)
