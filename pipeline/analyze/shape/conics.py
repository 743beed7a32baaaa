"""Ellipses fitted to points.

A centre and a symmetric positive matrix define the ellipse (p - centre)^T matrix^-1 (p - centre) =
1. An affine map p -> A p + b takes them to A centre + b and A matrix A^T, and
`confidence_ellipse(centre, matrix, 1.0)` returns the half-axes.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fit_ellipse(points: Floats) -> tuple[Floats, Floats]:
    """Least-squares ellipses of sets of points (..., n, 2): centres (..., 2), matrices (..., 2, 2).

    Minimises the sum of squares of a x^2 + b xy + c y^2 + d x + e y + f under 4ac - b^2 = 1. The
    fit commutes with affine maps. NaN where the points determine no ellipse: fewer than five
    points, all points on a line, or a NaN.

    References
    ----------
    Halir & Flusser (1998), Numerically stable direct least squares fitting of ellipses, WSCG; a
    stable form of Fitzgibbon, Pilu & Fisher (1996).

    Examples
    --------
    >>> phase = np.arange(8) * np.pi / 4
    >>> centre, matrix = fit_ellipse(np.stack([3 + 2 * np.cos(phase), np.sin(phase)], axis=1))
    >>> centre.round(9) + 0.0, matrix.round(9) + 0.0
    (array([3., 0.]), array([[4., 0.],
           [0., 1.]]))
    """
    middle, spread = points.mean(axis=-2), points.std(axis=-2)
    centre, matrix = np.full(middle.shape, np.nan), np.full((*middle.shape, 2), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = (points - middle[..., None, :]) / spread[..., None, :]
        plane = np.mean(scaled.prod(axis=-1), axis=-1) ** 2 < 1 - 1e-12
    if points.shape[-2] < 5 or not plane.any():
        return centre, matrix
    centre[plane], matrix[plane] = _fit_scaled(scaled[plane])
    return (
        middle + spread * centre,
        matrix * (spread[..., :, None] * spread[..., None, :]),
    )


def _fit_scaled(points: Floats) -> tuple[Floats, Floats]:
    """`fit_ellipse` of points (k, n, 2) with mean 0 and variance 1 that are not on a line."""
    x, y = np.moveaxis(points, -1, 0)
    quadratic = np.stack([x * x, x * y, y * y], axis=-1)
    linear = np.stack([x, y, np.ones_like(x)], axis=-1)
    s1, s2, s3 = (
        one.swapaxes(1, 2) @ other
        for one, other in ((quadratic, quadratic), (quadratic, linear), (linear, linear))
    )
    to_linear = -np.linalg.solve(s3, s2.swapaxes(1, 2))
    reduced = s1 + s2 @ to_linear
    scatter = np.stack([reduced[:, 2] / 2, -reduced[:, 1], reduced[:, 0] / 2], axis=1)
    vectors = np.linalg.eig(scatter)[1].real
    best = np.argmax(4 * vectors[:, 0] * vectors[:, 2] - vectors[:, 1] ** 2, axis=1)
    solution = np.take_along_axis(vectors, best[:, None, None], axis=2)
    (a, b, c), (d, e, f) = solution[..., 0].T, (to_linear @ solution)[..., 0].T
    with np.errstate(divide="ignore", invalid="ignore"):
        curved = 4 * a * c - b * b
        curved[curved <= 0] = np.nan
        centre = np.stack([b * e - 2 * c * d, b * d - 2 * a * e], axis=-1) / curved[:, None]
        size = -(f + (centre[:, 0] * d + centre[:, 1] * e) / 2)
        inverse = np.stack([4 * c, -2 * b, -2 * b, 4 * a], axis=-1) / curved[:, None]
    return centre, (inverse * size[:, None]).reshape(-1, 2, 2)


def radial_distance(points: Floats, centre: Floats, matrix: Floats) -> Floats:
    """Root mean square distance of points from ellipses, relative to the size of the ellipses.

    The distance between point and ellipse is measured along the ray from the centre through the
    point, and divided by the distance between centre and ellipse. It is invariant under affine
    maps.

    Parameters
    ----------
    points
        (..., n, 2) float64.
    centre, matrix
        (..., 2) and (..., 2, 2) float64, the ellipses.

    Returns
    -------
    numpy.ndarray
        (...,) float64.
    """
    x, y = np.moveaxis(points - centre[..., None, :], -1, 0)
    (a, b), (_, c) = np.moveaxis(matrix[..., None], (-3, -2), (0, 1))
    squares = (c * x * x - 2 * b * x * y + a * y * y) / (a * c - b * b)
    return np.sqrt(np.mean((np.sqrt(squares) - 1) ** 2, axis=-1))
