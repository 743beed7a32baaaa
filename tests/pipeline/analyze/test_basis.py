"""The PCA basis against scikit-learn's PCA and closed forms."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.analyze.basis import Basis

COMPONENTS = 5


@pytest.fixture(scope="module")
def z() -> np.ndarray:
    """Vectors (500, 5) whose last component repeats the first: four directions vary."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=(500, COMPONENTS)) @ rng.normal(size=(COMPONENTS, COMPONENTS)) + 3.0
    z[:, 4] = z[:, 0]
    return z


@pytest.fixture(scope="module")
def basis(z: np.ndarray) -> Basis:
    return Basis.from_statistics(analyze(z))


def test_project__equals_scikit_learn_up_to_signs(z: np.ndarray, basis: Basis) -> None:
    expected = PCA(whiten=False).fit_transform(z)

    found = basis.project(z)

    signs = np.sign(np.sum(found * expected, axis=0))[:4]
    np.testing.assert_allclose(found[:, :4], signs * expected[:, :4], atol=1e-12)
    np.testing.assert_allclose(found[:, 4], 0.0, atol=1e-12)


def test_back__is_the_inverse_of_project(z: np.ndarray, basis: Basis) -> None:
    np.testing.assert_allclose(basis.back(basis.project(z)), z, atol=1e-12)


def test_back__takes_coordinates_that_are_missing_as_zero(z: np.ndarray, basis: Basis) -> None:
    v = basis.project(z)
    padded = v * (np.arange(COMPONENTS) < 2)

    np.testing.assert_allclose(basis.back(v[:, :2]), basis.back(padded), atol=1e-14)


def test_leading__projects_on_the_first_components(z: np.ndarray, basis: Basis) -> None:
    np.testing.assert_allclose(basis.leading(2).project(z), basis.project(z)[:, :2], atol=1e-12)
    assert len(basis.leading(9).loadings) == COMPONENTS


def test_whiten__makes_the_covariance_the_identity_without_constant_directions(
    z: np.ndarray, basis: Basis
) -> None:
    white = basis.whiten(z)

    assert basis.rank == 4
    np.testing.assert_allclose(np.cov(white.T), np.eye(4), atol=1e-9)
    np.testing.assert_allclose(basis.varying_part.whiten(z), white, atol=1e-12)


def test_whitening__maps_constant_directions_to_zero(z: np.ndarray, basis: Basis) -> None:
    white = (z - z.mean(axis=0)) @ basis.whitening

    np.testing.assert_allclose(np.cov(white.T), np.diag([1.0, 1, 1, 1, 0]), atol=1e-9)
    np.testing.assert_allclose(white @ basis.colouring + basis.mean, z, atol=1e-12)


def test_from_covariance__of_a_single_vector_varies_nowhere() -> None:
    basis = Basis.from_covariance(np.zeros(2), np.full((2, 2), np.nan))

    assert basis.rank == 0
    np.testing.assert_array_equal(basis.deviations, 0.0)
    np.testing.assert_array_equal(basis.loadings, np.eye(2))


def test_angles__are_accurate_when_tiny_and_ignore_signs() -> None:
    axis = Basis(np.zeros(2), np.array([[1.0, 0.0]]), np.ones(1))
    for angle in (1e-14, 1e-6, 0.3, np.pi / 2):
        turned = np.array([[np.cos(angle), np.sin(angle)]])
        for sign in (1, -1):
            found = Basis(np.zeros(2), sign * turned, np.ones(1)).angles(axis)
            np.testing.assert_allclose(found, np.degrees(angle), rtol=1e-9)
