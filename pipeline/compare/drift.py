"""Kernels: distances between two normal distributions and between two principal bases."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, subspace_angles

from zpoints.pipeline.analyze.basis import Basis

Floats = NDArray[np.float64]


def mahalanobis_distance(shift: Floats, covariance: Floats) -> float:
    """Length of a shift in standard deviations along its own direction, sqrt(d^T C^-1 d).

    Parameters
    ----------
    shift
        float64 (component).
    covariance
        float64 (component, other). Directions without variance are left out.

    References
    ----------
    Mahalanobis (1936), On the generalised distance in statistics.
    """
    basis = Basis.from_covariance(np.zeros_like(shift), covariance).varying_part
    return float(np.sqrt(np.sum(basis.project(shift) ** 2 / basis.explained_variance)))


def relative_frobenius(reference: Floats, other: Floats) -> float:
    """|B - A|_F / |A|_F of two matrices."""
    return float(np.linalg.norm(other - reference) / np.linalg.norm(reference))


def kullback_leibler(mean_p: Floats, cov_p: Floats, mean_q: Floats, cov_q: Floats) -> float:
    """KL(P || Q) of two normal distributions of N components, in nats.

    (Tr(Q^-1 P) + d^T Q^-1 d - N + ln det Q - ln det P) / 2 with d the difference of the means. NaN
    where a covariance is singular, as for fewer vectors than components.

    Parameters
    ----------
    mean_p, mean_q
        float64 (component).
    cov_p, cov_q
        float64 (component, other).

    References
    ----------
    Kullback & Leibler (1951), On information and sufficiency.
    """
    if not (_varies_everywhere(cov_p) and _varies_everywhere(cov_q)):
        return float("nan")
    factor = cho_factor(cov_q, lower=True)
    shift = mean_q - mean_p
    trace = np.trace(cho_solve(factor, cov_p))
    distance = shift @ cho_solve(factor, shift)
    determinants = np.linalg.slogdet(cov_q)[1] - np.linalg.slogdet(cov_p)[1]
    divergence = (trace + distance - len(shift) + determinants) / 2
    return float(max(divergence, 0.0))


def frechet_distance(mean_p: Floats, cov_p: Floats, mean_q: Floats, cov_q: Floats) -> float:
    """Frechet distance of two normal distributions, |d|^2 + Tr(P + Q - 2 (P Q)^(1/2)).

    In squared units of the vectors. It is also defined for singular covariances.

    Parameters
    ----------
    mean_p, mean_q
        float64 (component).
    cov_p, cov_q
        float64 (component, other).

    References
    ----------
    Dowson & Landau (1982), The Frechet distance between multivariate normal distributions.
    """
    variance, axes = np.linalg.eigh(cov_p)
    root = (axes * np.sqrt(np.clip(variance, 0, None))) @ axes.T
    common = np.linalg.eigvalsh(root @ cov_q @ root)  # the eigenvalues of P Q
    overlap = np.sqrt(np.clip(common, 0, None)).sum()
    shift = mean_q - mean_p
    distance = shift @ shift + np.trace(cov_p) + np.trace(cov_q) - 2 * overlap
    return float(max(distance, 0.0))


def principal_angles(basis_p: Basis, basis_q: Basis, leading: int) -> Floats:
    """Angles between the spaces of the leading principal components, largest first.

    Parameters
    ----------
    basis_p, basis_q
        Of vectors with the same number of components.
    leading
        How many principal components span each space.

    Returns
    -------
    numpy.ndarray
        float64 (leading), degrees: 0 for a common direction, 90 for one orthogonal to the other
        space.

    References
    ----------
    Knyazev & Argentati (2002), Principal angles between subspaces in an A-based scalar product.
    """
    spaces = (basis.leading(leading).loadings.T for basis in (basis_p, basis_q))
    return np.degrees(subspace_angles(*spaces))


def _varies_everywhere(covariance: Floats) -> bool:
    return bool(Basis.from_covariance(np.zeros(len(covariance)), covariance).varying.all())
