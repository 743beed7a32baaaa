"""Attribute mean vectors: where the vectors with an attribute lie from those without."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Directions:
    """Differences of means, one per attribute; NaN where all vectors or none have it.

    Attributes
    ----------
    difference
        (attribute, component): mean of the vectors with it minus mean of those without.
    effect
        (attribute): Cohen's d of the vectors projected on the difference.
    """

    difference: Floats
    effect: Floats


def attribute_directions(
    count: int, mean: Floats, attribute_count: Counts, attribute_mean: Floats, covariance: Floats
) -> Directions:
    """Directions from counts and means alone; no vector is read.

    Parameters
    ----------
    count, mean
        How many vectors of known attributes there are, and their mean (component).
    attribute_count, attribute_mean
        How many of them have each attribute (attribute), and their means (attribute, component).
    covariance
        (component, other), ddof = 1, of all vectors.

    Notes
    -----
    Along the unit vector u of a difference of length D, the squared deviations of both groups from
    their own means are those from the common mean less n1 n0 / n D^2. Their pooled variance is
    divided by n - 2, and Cohen's d is D over its root. It is exact where the covariance is that of
    the vectors counted here: where all attributes are known.

    References
    ----------
    Cohen (1988), Statistical power analysis for the behavioral sciences, section 2.5.
    """
    has, lacks = attribute_count.astype(np.float64), count - attribute_count.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        # mean = (has * m1 + lacks * m0) / n, hence m1 - m0 = (m1 - mean) * n / lacks
        difference = (attribute_mean - mean) * (count / lacks)[:, None]
        length = np.linalg.norm(difference, axis=1)
        along = difference / length[:, None]
        total = (count - 1) * np.einsum("ai,ij,aj->a", along, covariance, along)
        pooled = (total - has * lacks / count * length**2) / (count - 2)
        effect = length / np.sqrt(np.maximum(pooled, 0.0))
    defined = (has > 0) & (lacks > 0)
    return Directions(
        difference=np.where(defined[:, None], difference, np.nan),
        effect=np.where(defined & (pooled > 0), effect, np.nan),
    )


def pair_angles(vectors: Floats) -> Floats:
    """Angles in degrees, 0 to 180, between all pairs of vectors (vector, component).

    NaN with a vector of length 0 or NaN.

    References
    ----------
    Kahan (2006), How futile are mindless assessments of roundoff in floating-point computation?,
    section 12: accurate for small angles too, where the arc cosine is not.

    Examples
    --------
    >>> pair_angles(np.array([[1.0, 0.0], [-2.0, 0.0], [1.0, 1.0]])).round()
    array([[  0., 180.,  45.],
           [180.,   0., 135.],
           [ 45., 135.,   0.]])
    """
    with np.errstate(invalid="ignore"):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    angles = np.empty((len(unit), len(unit)))
    for row, one in enumerate(unit):
        apart, together = np.linalg.norm(one - unit, axis=1), np.linalg.norm(one + unit, axis=1)
        angles[row] = np.degrees(2 * np.arctan2(apart, together))
    return angles


def whitening(loadings: Floats, explained_variance: Floats, varying: NDArray[np.bool_]) -> Floats:
    """Matrix (component, pc) that takes deviations from the mean to PCA coordinates of variance 1.

    Parameters
    ----------
    loadings
        (pc, component).
    explained_variance
        (pc).
    varying
        (pc) False for principal components that are constant; their coordinates become 0.
    """
    scale = np.zeros(len(loadings))
    scale[varying] = 1 / np.sqrt(explained_variance[varying])
    return loadings.T * scale
