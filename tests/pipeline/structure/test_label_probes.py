"""Linear probes of classes and numbers against scikit-learn."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, r2_score

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.labels import Labels
from zpoints.pipeline.report.tables.labels import label_probes
from zpoints.pipeline.structure.config import StructureConfig
from zpoints.pipeline.structure.label_probes import number_probe
from zpoints.pipeline.structure.structure_dataset import describe_structure


@pytest.fixture(scope="module")
def latents() -> xr.Dataset:
    """The pixels of the digits as vectors, with noise; labels of every kind, some missing."""
    digits, rng = load_digits(), np.random.default_rng(0)
    count = len(digits.data)
    z = digits.data / 4 + rng.normal(0, 0.2, digits.data.shape)
    ink = digits.data.sum(axis=1)
    born = np.datetime64("1990-01-01", "us") + (100 * z[:, 20]).astype("m8[D]")
    labels = {
        "split": np.where(np.arange(count) % 4, "train", "test").astype(object),
        "checksum": np.arange(count, dtype=np.uint64),
        "digit": np.where(rng.random(count) < 0.1, np.nan, digits.target),
        "side": np.where(digits.target < 5, "low", "high").astype(object),
        "ink": np.where(rng.random(count) < 0.1, np.nan, ink + rng.normal(0, 9, count)),
        "born": born,
        "noise": rng.normal(size=count),
        "unseen": np.where(np.arange(count) % 4, np.arange(count) % 2.0, np.nan),
    }
    vectors = da.from_array(z.astype(np.float32), chunks=(400, -1))
    coords = {name: ("image", values) for name, values in labels.items()}
    return xr.Dataset({"z": (("image", "component"), vectors)}, coords)


@pytest.fixture(scope="module")
def statistics(latents: xr.Dataset) -> xr.Dataset:
    return analyze(latents["z"].data, label_numbers=Labels(latents).as_numbers)


@pytest.fixture(scope="module")
def structure(latents: xr.Dataset, statistics: xr.Dataset) -> xr.Dataset:
    return describe_structure(latents, statistics, StructureConfig(clusters=2))


def splits(latents: xr.Dataset, name: str) -> tuple[np.ndarray, ...]:
    z, values = latents["z"].values.astype(float), latents[name].values
    known = values != "" if values.dtype == object else ~np.isnan(values.astype(float))
    train, test = (known & (latents["split"].values == split) for split in ("train", "test"))
    return z[train], values[train], z[test], values[test]


@pytest.mark.parametrize("name", ["digit", "side"])
def test_class_probe__is_as_accurate_as_logistic_regression(
    latents: xr.Dataset, statistics: xr.Dataset, structure: xr.Dataset, name: str
) -> None:
    z, y, unseen, truth = splits(latents, name)
    basis = Basis.from_statistics(statistics)
    oracle = LogisticRegression(max_iter=500).fit((z - basis.mean) @ basis.whitening, y)
    found = structure.sel(categorical=name)

    guess = oracle.predict((unseen - basis.mean) @ basis.whitening)
    assert float(found["class_balanced_accuracy"]) == pytest.approx(
        balanced_accuracy_score(truth, guess), abs=0.03
    )
    counts = np.unique(truth, return_counts=True)[1]
    assert float(found["class_majority"]) == counts.max() / len(truth)
    assert int(found["class_tested"]) == len(truth)


def test_class_probe__scores_are_those_of_the_stored_coefficients(
    latents: xr.Dataset, structure: xr.Dataset
) -> None:
    _, _, unseen, truth = splits(latents, "digit")
    rows = structure["category_label"].values == "digit"
    weights, bias = structure["category_coefficient"][rows], structure["category_intercept"][rows]
    values = structure["category_value"].values[rows].astype(float)

    guess = values[(unseen @ weights.values.T + bias.values).argmax(axis=1)]

    found = structure.sel(categorical="digit")
    assert float(found["class_balanced_accuracy"]) == pytest.approx(
        balanced_accuracy_score(truth, guess)
    )
    assert float(found["class_accuracy"]) == pytest.approx((truth == guess).mean())
    assert float(found["class_balanced_accuracy"]) > 0.9


def test_number_probe__equals_ridge_regression(
    latents: xr.Dataset, statistics: xr.Dataset, structure: xr.Dataset
) -> None:
    basis = Basis.from_statistics(statistics)
    z, y, unseen, truth = splits(latents, "ink")
    oracle = Ridge(alpha=1.0).fit((z - basis.mean) @ basis.whitening, y)

    probe = number_probe(da.from_array(z, chunks=(100, -1)), y, basis)

    expected = oracle.predict((unseen - basis.mean) @ basis.whitening)
    np.testing.assert_allclose(unseen @ probe.coefficient[0] + probe.intercept, expected, rtol=1e-8)
    found = float(structure["numeric_r2"].sel(numeric="ink"))
    assert found == pytest.approx(r2_score(truth, expected), abs=1e-5)


def test_describe_structure__numbers_dates_and_noise(structure: xr.Dataset) -> None:
    r2 = structure["numeric_r2"].to_series()

    assert r2["born"] > 0.95
    assert r2["noise"] < 0.1
    assert structure["numeric_unit"].sel(numeric="born") == "days since 1970-01-01"


def test_describe_structure__a_label_that_a_split_lacks_has_no_probe(structure: xr.Dataset) -> None:
    found = structure.sel(categorical="unseen")

    assert np.isnan(found["class_balanced_accuracy"])
    assert int(found["class_tested"]) == 0


def test_label_probes__shows_values_and_scores(
    statistics: xr.Dataset, structure: xr.Dataset
) -> None:
    rows = {row[0]: row[1:] for row in label_probes(statistics, structure).rows}

    assert list(rows) == ["digit", "side", "unseen", "born", "ink", "noise"]
    score = float(structure["class_balanced_accuracy"].sel(categorical="digit"))
    assert rows["digit"][0] == "10 classes"
    assert rows["digit"][3] == f"balanced accuracy {score:.2f}"
    assert rows["unseen"][3] == "–"
    assert rows["born"][0].startswith("199")
    assert rows["born"][0].endswith(" d")
