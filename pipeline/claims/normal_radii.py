"""Mahalanobis radii of normal vectors whose mean and covariance are estimated from themselves."""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln
from scipy.stats import beta, chi

MANY = 1000
"""Vectors per component from which the chi distribution stands for the exact one."""


class NormalRadii(NamedTuple):
    """Mean and standard deviation of the radius, and the share outside the core."""

    mean: float
    spread: float
    outside: float


def normal_radii(vectors: int, components: int, core: float) -> NormalRadii:
    """Distribution of the Mahalanobis radii of n normal vectors.

    For n vectors of p components the squared radius, times n / (n - 1)^2, follows the distribution
    Beta(p / 2, (n - p - 1) / 2), and the radius the chi distribution in the limit of many vectors.

    Parameters
    ----------
    vectors
        Number n of vectors, above p + 1.
    components
        Number p of components that vary.
    core
        Radius of the core.

    References
    ----------
    Gnanadesikan & Kettenring (1972), Robust estimates, residuals, and outlier detection with
    multiresponse data, section 3.2.

    Examples
    --------
    >>> found = normal_radii(1_000_000, 256, 17.62)
    >>> round(found.mean, 2), round(found.spread, 3), round(found.outside, 3)
    (15.98, 0.707, 0.011)
    """
    if vectors > MANY * components:
        limit = chi(components)
        return NormalRadii(float(limit.mean()), float(limit.std()), float(limit.sf(core)))
    a, b = components / 2, (vectors - components - 1) / 2
    scale = (vectors - 1) / np.sqrt(vectors)
    root = float(np.exp(gammaln(a + 0.5) - gammaln(a) + gammaln(a + b) - gammaln(a + b + 0.5)))
    spread = float(np.sqrt(max(a / (a + b) - root**2, 0.0)))
    outside = float(beta(a, b).sf(min((core / scale) ** 2, 1.0)))
    return NormalRadii(scale * root, scale * spread, outside)
