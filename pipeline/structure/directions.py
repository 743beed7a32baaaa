"""Effect sizes and angles of attribute directions."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def direction_effects(direction: Floats, having: Counts, count: int, covariance: Floats) -> Floats:
    """Expected Cohen's d of further vectors along each direction.

    Parameters
    ----------
    direction
        (attribute, component) of `zpoints.pipeline.labels.AttributeStatistics.directions`.
    having
        (attribute,) int64, number of vectors that have each attribute.
    count
        Number of vectors.
    covariance
        (component, other) of all vectors, ddof = 1.

    Returns
    -------
    numpy.ndarray
        (attribute,) float64, not negative; NaN without a direction, and if the groups do not vary
        along it.

    Notes
    -----
    The squared deviations of n1 vectors with the attribute and n0 without from the means of their
    groups are those from the common mean less n1 n0 / n D D^T, with D the direction. Divided by n -
    2 they are the pooled covariance S. Along the unit vector u of D, the vectors that D is
    estimated from have the effect |D| / sqrt(u^T S u).

    This overestimates the effect on other vectors. D is the true difference plus an error with
    covariance S (1/n1 + 1/n0), and the effect is measured on the same vectors. Without any
    difference the expectation of |D|^2 is b = tr S (1/n1 + 1/n0). The means of other vectors differ
    along u by u^T (true difference) in expectation; the product with |D| has the same expectation
    as |D|^2 - b, the square of the true difference. The effect is therefore max(0, |D|^2 - b) /
    (|D| sqrt(u^T S u)).

    The covariance must be that of the vectors counted, which holds if all photographs came with
    attributes.

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
    section 12: also accurate for small angles, unlike the arc cosine.

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
