"""Attribute directions against their definitions, vector by vector."""

import numpy as np
import pytest
import xarray as xr

from pipeline.structure.directions import attribute_directions, pair_angles, whitening
from pipeline.structure.graph import describe_structure
from tests.pipeline.planted import described, planted


@pytest.fixture(scope="module")
def latents() -> xr.Dataset:
    return planted(chunk=1100)


@pytest.fixture(scope="module")
def structure(latents: xr.Dataset) -> xr.Dataset:
    return describe_structure(latents, described(latents))


@pytest.mark.parametrize("name", ["Along", "First", "Noise", "Rare"])
def test_attribute_directions__are_differences_of_means(
    latents: xr.Dataset, structure: xr.Dataset, name: str
) -> None:
    z, has = latents["z"].values.astype(float), latents[name].values
    found = structure.sel(attribute=name)

    difference = z[has].mean(axis=0) - z[~has].mean(axis=0)
    np.testing.assert_allclose(found["direction"], difference, atol=1e-9)

    along = z @ difference / np.linalg.norm(difference)
    pooled = (along[has].var() * has.sum() + along[~has].var() * (~has).sum()) / (len(z) - 2)
    effect = (along[has].mean() - along[~has].mean()) / np.sqrt(pooled)
    assert float(found["direction_effect"]) == pytest.approx(effect, rel=1e-9)
    assert float(found["attribute_rate"]) == has.mean()


def test_attribute_directions__of_all_or_none_are_undefined() -> None:
    mean, covariance = np.zeros(2), np.eye(2)
    counts, means = np.array([0, 8, 4]), np.array([[np.nan, np.nan], [0, 0], [1, 0.0]])

    found = attribute_directions(8, mean, counts, means, 2 * covariance)

    assert np.isnan(found.difference[:2]).all()
    assert np.isnan(found.effect[:2]).all()
    np.testing.assert_array_equal(found.difference[2], [2, 0])
    assert found.effect[2] == pytest.approx(2 / np.sqrt((7 * 2 - 8) / 6))


def test_attribute_directions__without_spread_within_the_groups_have_no_effect() -> None:
    found = attribute_directions(
        2, np.zeros(1), np.array([1]), np.array([[1.0]]), np.array([[2.0]])
    )

    np.testing.assert_array_equal(found.difference, [[2]])
    assert np.isnan(found.effect[0])


def test_pair_angles__are_those_of_the_arc_cosine() -> None:
    vectors = np.random.default_rng(0).normal(size=(6, 9))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    found = pair_angles(vectors)

    expected = np.degrees(np.arccos(np.clip(unit @ unit.T, -1, 1)))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.isnan(pair_angles(np.array([[0.0, 0], [1, 0]]))[0]).all()


def test_whitening__makes_the_covariance_the_identity_and_drops_constant_components() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4))
    z[:, 3] = z[:, 0]
    variance, axes = np.linalg.eigh(np.cov(z.T))
    varying = variance > 1e-9

    white = (z - z.mean(axis=0)) @ whitening(axes.T, variance, varying)

    np.testing.assert_allclose(np.cov(white.T), np.diag(varying.astype(float)), atol=1e-9)


def test_describe_structure__whitened_angles_are_those_of_the_fisher_discriminant(
    latents: xr.Dataset, structure: xr.Dataset
) -> None:
    names = ["Along", "First"]
    directions = structure["direction"].sel(attribute=names).values
    inverse = np.linalg.inv(np.cov(latents["z"].values.astype(float).T))

    a, b = directions
    cosine = a @ inverse @ b / np.sqrt(a @ inverse @ a * (b @ inverse @ b))
    found = structure["whitened_direction_angle"].values
    i, j = (structure["attribute"].values.tolist().index(name) for name in names)
    assert found[i, j] == found[j, i] == pytest.approx(np.degrees(np.arccos(cosine)), abs=1e-6)
