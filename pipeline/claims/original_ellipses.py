"""Mahalanobis radii of vectors all of whose pairs of coordinates are in confidence ellipses."""

from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.sample.laws.ellipses.ellipse_original import EllipseOriginal

Floats = NDArray[np.float64]

LEVEL = 3.0
COMPONENTS = 256
"""Components of largest variance that are compared, which bounds the time for wide vectors."""

MOST_VECTORS = 400
LEAST_VECTORS = 20
WORK = 2e9
"""Redraws times components that the drawing of all vectors may take."""


class EllipseRadii(NamedTuple):
    """Mahalanobis radii.

    Attributes
    ----------
    original, pca
        (vector,) of vectors with all pairs in the ellipses of the original coordinates, and of PCA
        coordinates.
    data
        Mean radius of the data; its root mean square where components are left out.
    components
        Number of components compared.
    """

    original: Floats
    pca: Floats
    data: float
    components: int


def radii_of_ellipses(statistics: xr.Dataset, *, seed: int = 0) -> EllipseRadii:
    """Draw vectors uniformly where all pairs are in their 3 sigma ellipses, in both coordinates.

    Parameters
    ----------
    statistics
        The `statistics` group: `mean`, `variance`, `covariance`, `correlation`,
        `mahalanobis_mean`.
    seed
        Of the vectors.
    """
    variance = statistics["variance"].values
    chosen = np.argsort(-variance, kind="stable")[: min(COMPONENTS, int(np.sum(variance > 0)))]
    part = statistics.isel(component=chosen, other=chosen)
    basis = Basis.from_covariance(part["mean"].values, part["covariance"].values)
    original = _drawn(part, seed)
    whole = len(chosen) == np.sum(variance > 0)
    return EllipseRadii(
        np.linalg.norm(basis.whiten(original), axis=1),
        np.linalg.norm(_drawn(_independent(part, basis.rank), seed), axis=1),
        float(statistics["mahalanobis_mean"]) if whole else float(np.sqrt(basis.rank)),
        len(chosen),
    )


def _drawn(statistics: xr.Dataset, seed: int) -> Floats:
    sampler = EllipseOriginal(level=LEVEL).fit_law(statistics)
    work = sampler.sweeps * statistics.sizes["component"] ** 2
    vectors = int(np.clip(WORK // work, LEAST_VECTORS, MOST_VECTORS))
    return sampler.draw(np.random.default_rng(seed), range(vectors))


def _independent(like: xr.Dataset, rank: int) -> xr.Dataset:
    """Statistics of that many whitened coordinates."""
    part = like.isel(component=slice(rank), other=slice(rank))
    return part.assign(
        mean=("component", np.zeros(rank)),
        variance=("component", np.ones(rank)),
        correlation=(("component", "other"), np.eye(rank)),
    )
