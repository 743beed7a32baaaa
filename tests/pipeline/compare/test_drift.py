"""Distances of normal distributions and PCA bases against SciPy, torch and closed forms."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.spatial.distance import mahalanobis
from scipy.stats import ortho_group

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.compare.drift import (
    frechet_distance,
    kullback_leibler,
    mahalanobis_distance,
    principal_angles,
    relative_frobenius,
)

N = 6


@pytest.fixture
def normals() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Means and covariances of two normal distributions."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, N, 3 * N))
    return rng.normal(size=N), first @ first.T / N, rng.normal(size=N), second @ second.T / N


def test_mahalanobis_distance__is_scipys(normals) -> None:
    mean, covariance, other, _ = normals

    expected = mahalanobis(mean, other, np.linalg.inv(covariance))
    assert mahalanobis_distance(other - mean, covariance) == pytest.approx(expected)


def test_mahalanobis_distance__leaves_constant_directions_out() -> None:
    distance = mahalanobis_distance(np.array([6.0, 8.0, 5.0]), np.diag([4.0, 4.0, 0.0]))

    assert distance == pytest.approx(5.0)


def test_kullback_leibler__is_that_of_torch(normals) -> None:
    tensors = [torch.from_numpy(it) for it in normals]
    p, q = (torch.distributions.MultivariateNormal(*tensors[k : k + 2]) for k in (0, 2))

    expected = torch.distributions.kl_divergence(p, q).item()
    assert kullback_leibler(*normals) == pytest.approx(expected)


def test_kullback_leibler__is_undefined_for_a_singular_covariance() -> None:
    mean, full, flat = np.zeros(2), np.eye(2), np.diag([1.0, 0.0])

    assert np.isnan(kullback_leibler(mean, full, mean, flat))
    assert np.isnan(kullback_leibler(mean, flat, mean, full))
    assert kullback_leibler(mean, full, mean, full) == 0


def test_frechet_distance__is_the_formula_with_scipys_root(normals) -> None:
    mean, p, other, q = normals

    expected = np.sum((other - mean) ** 2) + np.trace(p + q - 2 * sqrtm(p @ q).real)
    assert frechet_distance(mean, p, other, q) == pytest.approx(expected)


def test_frechet_distance__of_independent_components_is_that_of_their_spreads() -> None:
    spread, other = np.array([1.0, 2.0, 0.0]), np.array([3.0, 0.5, 1.0])
    zero = np.zeros(3)

    distance = frechet_distance(zero, np.diag(spread**2), zero + 2, np.diag(other**2))

    assert distance == pytest.approx(3 * 4 + np.sum((spread - other) ** 2))
    assert frechet_distance(zero, np.eye(3), zero, np.eye(3)) == 0


def test_relative_frobenius__of_a_scaled_matrix_is_the_scale(normals) -> None:
    assert relative_frobenius(normals[1], 1.25 * normals[1]) == pytest.approx(0.25)


@pytest.mark.parametrize("degrees", [0.0, 1e-3, 30.0, 90.0])
def test_principal_angles__is_the_angle_that_a_basis_was_turned_by(degrees: float) -> None:
    basis = ortho_group.rvs(N, random_state=1)
    angle = np.radians(degrees)
    turned = basis.copy()
    turned[1] = np.cos(angle) * basis[1] + np.sin(angle) * basis[4]

    one, other = (Basis(np.zeros(N), it, np.ones(len(it))) for it in (basis, turned[[2, 0, 1]]))

    angles = principal_angles(one, other, 3)

    np.testing.assert_allclose(angles, [degrees, 0, 0], atol=1e-6)
