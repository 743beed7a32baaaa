"""`zp.compare`: differences of two stores against NumPy; rows in common; what is not alike."""

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

import zpoints as zp
from tests.grey import grey as grey
from tests.grey import inception as inception
from zpoints.pipeline.compare.photographs import shared_rows
from zpoints.pipeline.compare.stores import compare, remarks
from zpoints.pipeline.config.run import RunConfig
from zpoints.storage import Store, StoreError, StoreNotFoundError, open_store

Grey = tuple[RunConfig, str]


def test_compare__is_what_numpy_finds_in_both_stores(small_store: Store, grey: Grey) -> None:
    other = open_store(grey[1])

    found = zp.compare(small_store.root, grey[1])

    for name, store in (("a", small_store), ("b", other)):
        z = store.latents["z"].values.astype(np.float64)
        length = np.linalg.norm(z, axis=1)
        expected = {
            ("images", "count"): len(z),
            ("images", "channels"): store.images["pixels"].shape[3],
            ("training", "epochs"): store.model.sizes["epoch"],
            ("training", "loss"): store.model["loss"].values[-1],
            ("latents", "components"): z.shape[1],
            ("latents", "radius_mean"): length.mean(),
            ("latents", "radius_std"): length.std(ddof=1),
            ("latents", "hw >= 1"): np.sum(store.statistics["hw"].values >= 1),
            ("spectrum", "total_variance"): np.trace(np.cov(z, rowvar=False)),
        }
        for key, value in expected.items():
            assert found.loc[key, name] == pytest.approx(value, rel=1e-5), key
        variances = np.linalg.eigvalsh(np.cov(z, rowvar=False))[::-1]
        needed = np.searchsorted(np.cumsum(variances) / variances.sum(), 0.9) + 1
        assert found.loc[("spectrum", "components for 90%"), name] == needed
    np.testing.assert_allclose(found["difference"], found["b"] - found["a"])


def test_compare__measures_generators_of_both_with_the_error_of_the_difference(
    small_store: Store, grey: Grey
) -> None:
    groups = [store.quality("ellipse") for store in (small_store, open_store(grey[1]))]

    found = compare(small_store, grey[1])

    row = found.loc[("quality/ellipse", "round_trip")]
    assert row.a == groups[0]["round_trip"]
    assert row.b == groups[1]["round_trip"]
    errors = [float(group["round_trip_error"]) for group in groups]
    assert row.error == pytest.approx(math.hypot(*errors))
    assert "quality/uniform" not in found.index.get_level_values("part")  # only one has it
    assert math.isnan(found.loc[("latents", "vectors"), "error"])


def test_compare__a_store_with_itself_differs_in_nothing(small_store: Store) -> None:
    found = compare(small_store, small_store)

    assert (found["difference"].dropna() == 0).all()
    shared = shared_rows(small_store.latents, small_store.latents)
    same = ["A and B are the same version of one store: nothing differs."]
    assert remarks(small_store, small_store, shared) == same


def test_compare__refuses_what_is_no_store_or_has_no_statistics(
    small_root: str, small_until, tmp_path: Path
) -> None:
    with pytest.raises(StoreNotFoundError, match="nothing"):
        compare(small_root, tmp_path / "nothing")
    with pytest.raises(StoreError, match=r"needs the group statistics of .*zpoints run CONFIG"):
        compare(small_until("encode"), small_root)


def test_remarks__state_other_images_and_components(small_store: Store, grey: Grey) -> None:
    other = open_store(grey[1])

    found = remarks(small_store, other, shared_rows(small_store.latents, other.latents))

    assert [text.split(":")[0] for text in found] == [
        "Other images",
        "A has 112 latent components and B 30",
    ]
    assert "A has 32 x 32 x 3 pixels and B 32 x 32 x 1" in found[0]


def test_remarks__name_vectors_beside_photographs_as_what_they_are() -> None:
    def store(stage: str, names: list[str]) -> SimpleNamespace:
        latents = rows(names, None, None).assign_attrs(provenance={"stage": stage})
        return SimpleNamespace(
            root=stage, version="1", latents=latents, is_current=lambda group: False
        )

    one, other = store("encode", ["a", "b", "c"]), store("import", ["c", "d"])

    found = remarks(one, other, shared_rows(one.latents, other.latents))

    assert found == [
        "Other data: A has 3 photographs and B 2 vectors, of which 1 are in both. Differences may "
        "be due to the data."
    ]


def rows(names: list[str], sums: list[int] | None, splits: list[str] | None) -> xr.Dataset:
    coords = {"image": ("image", np.array(names, dtype=object))}
    if sums is not None:
        coords["checksum"] = ("image", np.array(sums, dtype=np.uint64))
    if splits is not None:
        coords["split"] = ("image", np.array(splits, dtype=object))
    z = np.zeros((len(names), 2), np.float32)
    return xr.Dataset({"z": (("image", "component"), z)}, coords)


def test_shared_rows__matches_names_with_the_same_content() -> None:
    one = rows(["d", "a", "b", "c"], [4, 1, 2, 3], ["test", "test", "train", "test"])
    other = rows(["a", "b", "c", "e"], [1, 2, 9, 5], ["train", "test", "test", "test"])

    found = shared_rows(one, other)

    assert (found.count, found.same, found.changed) == ((4, 4), ["a", "b"], 1)
    assert found.held_out == []  # a and b are each of the training split of one store


def test_shared_rows__held_out_from_both_are_in_the_order_of_the_first() -> None:
    one = rows(["d", "a", "b"], [4, 1, 2], ["test", "test", "train"])
    other = rows(["a", "b", "d"], [1, 2, 4], ["test", "test", "test"])

    assert shared_rows(one, other).held_out == ["d", "a"]


def test_shared_rows__without_checksums_matches_names_alone() -> None:
    found = shared_rows(rows(["a", "b"], None, None), rows(["b", "x", "y"], [1, 2, 3], None))

    assert (found.count, found.same, found.changed) == ((2, 3), ["b"], 0)
