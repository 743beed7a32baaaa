"""Attribute directions against their definitions, vector by vector."""

import numpy as np
import pytest
import xarray as xr

from tests.pipeline.structure.planted import described, planted
from zpoints.pipeline.labels import AttributeStatistics
from zpoints.pipeline.structure.directions import direction_effects, pair_angles
from zpoints.pipeline.structure.structure_dataset import describe_structure


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
    squares = sum(z[rows].var(axis=0).sum() * rows.sum() for rows in (has, ~has))
    chance = squares / (len(z) - 2) * (1 / has.sum() + 1 / (~has).sum())
    share = max(0, 1 - chance / (difference @ difference))
    assert float(found["direction_effect"]) == pytest.approx(effect * share, rel=1e-9)
    assert float(found["attribute_rate"]) == has.mean()


def test_attribute_directions__of_all_or_none_are_undefined() -> None:
    counts, means = [0, 8, 4], [[0.0, 0.0], [0, 0], [1, 0]]
    statistics = xr.Dataset(
        {
            "count": ("component", [8, 8]),
            "mean": ("component", [0.0, 0.0]),
            "attribute_count": ("attribute", counts),
            "attribute_mean": (("attribute", "component"), means),
        },
        {"attribute": ["None", "All", "Half"]},
    )

    direction = AttributeStatistics(statistics).directions().values
    effect = direction_effects(direction, np.array(counts), 8, 2 * np.eye(2))

    assert np.isnan(direction[:2]).all()
    assert np.isnan(effect[:2]).all()
    np.testing.assert_array_equal(direction[2], [2, 0])
    chance = (7 * 4 - 8) / 6 * (1 / 4 + 1 / 4)
    assert effect[2] == pytest.approx((4 - chance) / 2 / np.sqrt((7 * 2 - 8) / 6))


def test_direction_effects__without_spread_within_the_groups_are_undefined() -> None:
    assert np.isnan(direction_effects(np.array([[2.0]]), np.array([1]), 2, np.array([[2.0]]))[0])


def effects(z: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions (attribute, component) of labels (attribute, vector), and their effects."""
    direction = np.stack([z[has].mean(axis=0) - z[~has].mean(axis=0) for has in labels])
    return direction, direction_effects(direction, labels.sum(axis=1), len(z), np.cov(z.T))


@pytest.mark.parametrize("having", [10, 50, 1500])
def test_direction_effects__of_random_labels_are_next_to_none(having: int) -> None:
    rng = np.random.default_rng(7)
    z = rng.normal(size=(3000, 100)) * np.linspace(1, 2, 100)
    labels = rng.permuted(np.tile(np.arange(3000) < having, (200, 1)), axis=1)

    _, found = effects(z, labels)

    # |D| alone gives sqrt(100 / having) or more; what is left is the chance that is not clipped.
    assert found.mean() < 0.1 * np.sqrt(100 / having)
    assert np.median(found) < 0.05 * np.sqrt(100 / having)


@pytest.mark.parametrize("having", [20, 1500])
def test_direction_effects__are_what_other_vectors_show_along_the_direction(having: int) -> None:
    rng = np.random.default_rng(8)
    spread, true = np.linspace(1, 2, 40), np.linspace(0.4, 0.1, 40)
    has = np.arange(3000) < having
    effect, shown = [], []
    for _ in range(100):
        direction, found = effects(
            rng.normal(size=(3000, 40)) * spread + has[:, None] * true, has[None]
        )
        unit = direction[0] / np.linalg.norm(direction[0])
        effect.append(found[0])
        shown.append(true @ unit / np.linalg.norm(spread * unit))

    assert np.mean(effect) == pytest.approx(np.mean(shown), rel=0.05)


def test_pair_angles__are_those_of_the_arc_cosine() -> None:
    vectors = np.random.default_rng(0).normal(size=(6, 9))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    found = pair_angles(vectors)

    expected = np.degrees(np.arccos(np.clip(unit @ unit.T, -1, 1)))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.isnan(pair_angles(np.array([[0.0, 0], [1, 0]]))[0]).all()


def test_describe_structure__whitened_angles_are_those_of_the_fisher_discriminant(
    latents: xr.Dataset, structure: xr.Dataset
) -> None:
    names = ["Along", "First"]
    directions = structure["direction"].sel(attribute=names).values
    inverse = np.linalg.inv(np.cov(latents["z"].values.astype(float).T))

    a, b = directions
    cosine = a @ inverse @ b / np.sqrt(a @ inverse @ a * (b @ inverse @ b))
    found = structure["whitened_direction_angle"]
    angle = found.sel(attribute=names[0], other_attribute=names[1])
    assert angle == found.sel(attribute=names[1], other_attribute=names[0])
    assert angle == pytest.approx(np.degrees(np.arccos(cosine)), abs=1e-6)
