"""Directions of attributes: how far the vectors with one lie from those without, which angles."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def direction_effects(direction: Floats, having: Counts, count: int, covariance: Floats) -> Floats:
    """Cohen's d (attribute) that further vectors would show along each direction, not negative.

    Parameters
    ----------
    direction
        (attribute, component) of `zpoints.pipeline.labels.AttributeStatistics.directions`.
    having, count
        How many vectors have each attribute (attribute), and how many there are.
    covariance
        (component, other), ddof = 1, of all vectors.

    Returns
    -------
    numpy.ndarray
        float64; NaN without a direction, and where the groups do not vary along it.

    Notes
    -----
    The squared deviations of n1 vectors with the attribute and n0 without from the means of
    their groups are those from the common mean less n1 n0 / n D D^T, with D the direction.
    Divided by n - 2 they are the pooled covariance S. Along the unit vector u of D the vectors
    that D was taken from have the effect |D| / sqrt(u^T S u).

    That is too much: D is the true difference plus an error of the covariance
    S (1/n1 + 1/n0), on which these vectors are measured again. With no difference at all |D|^2 is
    on average b = tr S (1/n1 + 1/n0). The means of other vectors differ along u by u^T (true
    difference) on average; its product with |D| has the same expectation as |D|^2 - b, the square
    of the true difference. The effect is therefore max(0, |D|^2 - b) / (|D| sqrt(u^T S u)).

    It is exact where the covariance is that of the vectors counted: where all attributes are known.

    References
    ----------
    Cohen (1988), Statistical power analysis for the behavioral sciences, section 2.5.
    """
    has, lacks = having.astype(np.float64), count - having.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        square = np.sum(direction**2, axis=1)
        length = np.sqrt(square)
        along = direction / length[:, None]
        between = has * lacks / count * square
        total = (count - 1) * np.einsum("ai,ij,aj->a", along, covariance, along)
        pooled = (total - between) / (count - 2)
        trace = ((count - 1) * np.trace(covariance) - between) / (count - 2)
        excess = np.maximum(square - trace * (1 / has + 1 / lacks), 0.0)
        effect = excess / length / np.sqrt(np.maximum(pooled, 0.0))
    return np.where(pooled > 0, effect, np.nan)


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
