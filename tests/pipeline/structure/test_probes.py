"""Linear probes against scikit-learn's logistic regression."""

import warnings

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from distributed import Client, LocalCluster
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from tests.pipeline.structure.planted import TOWARDS, described, planted
from zpoints.pipeline.structure.blocks import rows_where
from zpoints.pipeline.structure.config import StructureConfig
from zpoints.pipeline.structure.structure_dataset import describe_structure

NAMES = ["Along", "First", "Never", "Noise", "Rare"]


@pytest.fixture(scope="module")
def latents() -> xr.Dataset:
    return planted()


@pytest.fixture(scope="module")
def structure(latents: xr.Dataset) -> xr.Dataset:
    return describe_structure(latents, described(latents))


def splits(latents: xr.Dataset, name: str) -> tuple[np.ndarray, ...]:
    z, y, split = latents["z"].values.astype(float), latents[name].values, latents["split"].values
    return z[split == "train"], y[split == "train"], z[split == "test"], y[split == "test"]


@pytest.mark.parametrize("name", ["Along", "First", "Noise", "Rare"])
def test_train_probes__are_as_accurate_as_logistic_regression(
    latents: xr.Dataset, structure: xr.Dataset, name: str
) -> None:
    z, y, unseen, truth = splits(latents, name)
    oracle = LogisticRegression(C=1.0, max_iter=1000).fit(z, y)
    found = structure.sel(attribute=name)

    assert float(found["probe_accuracy"]) == pytest.approx(oracle.score(unseen, truth), abs=0.02)
    assert float(found["probe_roc_auc"]) == pytest.approx(
        roc_auc_score(truth, oracle.decision_function(unseen)), abs=0.02 if name != "Rare" else 0.05
    )
    rate = truth.mean()
    assert float(found["probe_majority"]) == max(rate, 1 - rate)


def test_train_probes__find_the_planted_direction(structure: xr.Dataset) -> None:
    coefficient = structure["probe_coefficient"].sel(attribute="Along").values

    assert coefficient @ TOWARDS / np.linalg.norm(coefficient) > 0.97
    assert float(structure["probe_accuracy"].sel(attribute="Along")) > 0.85
    assert float(structure["cluster_roc_auc"].sel(attribute="Along")) < 0.65


def test_probe_scores__are_those_of_the_stored_log_odds(
    latents: xr.Dataset, structure: xr.Dataset
) -> None:
    for name in ("Along", "Rare"):
        _, _, unseen, truth = splits(latents, name)
        found = structure.sel(attribute=name)
        odds = unseen @ found["probe_coefficient"].values + float(found["probe_intercept"])
        assert float(found["probe_accuracy"]) == ((odds > 0) == truth).mean()
        assert float(found["probe_roc_auc"]) == pytest.approx(roc_auc_score(truth, odds))
        expected = balanced_accuracy_score(truth, odds > 0)
        assert float(found["probe_balanced_accuracy"]) == pytest.approx(expected)


def test_describe_structure__an_attribute_with_a_single_value_is_undefined(
    structure: xr.Dataset,
) -> None:
    never = structure.sel(attribute="Never")

    assert structure["attribute"].values.tolist() == NAMES
    for name in structure.data_vars:
        if "attribute" in structure[name].dims and name not in (
            "attribute_rate", "cluster_attribute_share",
        ):  # fmt: skip
            assert np.isnan(never[name]).all(), name
    assert float(never["attribute_rate"]) == 0


def test_describe_structure__of_a_single_attribute(latents: xr.Dataset) -> None:
    one = latents.drop_vars(["First", "Noise", "Rare", "Never"])

    found = describe_structure(one, described(one))

    assert found["probe_accuracy"].values[0] > 0.85


def test_describe_structure__of_few_vectors_in_small_chunks(latents: xr.Dataset) -> None:
    few = latents.isel(image=np.r_[:40, 3000:3010]).chunk(image=7)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = describe_structure(few, described(few))

    assert np.isfinite(found["probe_roc_auc"].sel(attribute="Along"))


@pytest.mark.services
@pytest.mark.parametrize("processes", [False, True], ids=["threads", "processes"])
def test_describe_structure__gives_the_same_bytes_on_a_cluster(
    latents: xr.Dataset, structure: xr.Dataset, processes: bool
) -> None:
    statistics = described(latents)
    with (
        LocalCluster(
            n_workers=2 if processes else 1, threads_per_worker=1 if processes else 2,
            processes=processes, dashboard_address=None,
        ) as cluster,
        Client(cluster),
    ):  # fmt: skip
        again = describe_structure(latents, statistics)

    assert again.identical(structure)


def test_describe_structure__another_seed_starts_elsewhere(
    latents: xr.Dataset, structure: xr.Dataset
) -> None:
    other = describe_structure(latents, described(latents), StructureConfig(seed=1))

    assert not other["probe_coefficient"].identical(structure["probe_coefficient"])
    np.testing.assert_allclose(other["probe_accuracy"], structure["probe_accuracy"], atol=0.03)


def test_describe_structure__leaves_out_what_is_not_finite_or_not_known(
    latents: xr.Dataset, structure: xr.Dataset
) -> None:
    lost = latents.isel(image=slice(300, 420)).copy()
    z = lost["z"].values.copy()
    z[::2, 3], z[1::2, 4] = np.nan, np.inf
    lost["z"] = (("image", "component"), da.from_array(z))
    unknown = latents.isel(image=slice(1000, 1130))
    blank = {name: ("image", np.zeros(130, bool)) for name in NAMES}
    known = np.repeat([True, False], [len(latents["z"]) + 120, 130])
    both = xr.concat([latents, lost, unknown.assign_coords(blank)], "image")
    both["z"] = (("image", "component"), both["z"].data.rechunk((700, -1)))
    both = both.assign_coords(has_attributes=("image", known))

    found = describe_structure(both, described(both))

    assert int(found["cluster_count"].sum()) == len(latents["z"]) + 130
    assert found["attribute"].values.tolist() == NAMES
    np.testing.assert_array_equal(found["attribute_rate"], structure["attribute_rate"])
    np.testing.assert_allclose(found["direction"], structure["direction"], atol=1e-6)
    for name in ("probe_majority", "probe_accuracy"):
        np.testing.assert_allclose(found[name], structure[name], atol=0.02)


def test_rows_where__keeps_the_rows_asked_for_chunk_by_chunk() -> None:
    values = np.arange(40.0).reshape(20, 2)
    rows = np.isin(np.arange(20), [0, 3, 13, 14, 19])

    chosen = rows_where(da.from_array(values, chunks=(4, 2)), rows)

    assert chosen.chunks == ((2, 2, 1), (2,))
    np.testing.assert_array_equal(chosen.compute(), values[rows])
    assert chosen.shape == (5, 2)
