"""Expected lengths of vectors: of a normal distribution's core, and of uniform vectors."""

import numpy as np
from scipy.stats import chi2

from zpoints.pipeline.analyze.shape.ellipses import coverage


def core_radius(level: float, components: int) -> float:
    """Mahalanobis radius of the ellipsoid that encloses as much as an ellipse of this level.

    In two dimensions an ellipse of level d encloses the share 1 - exp(-d**2 / 2) of a normal
    distribution. In p dimensions the squared Mahalanobis radius follows the chi-squared
    distribution with p degrees of freedom, whose quantile at that share is the squared result.

    Parameters
    ----------
    level
        Level d of the ellipse, in standard deviations.
    components
        Number p of components that vary; 0 gives the radius 0.

    Notes
    -----
    The chi-squared law is the limit of many vectors. Mean and covariance are estimated from the n
    vectors themselves, so n / (n - 1)**2 times the squared radius follows Beta(p / 2,
    (n - p - 1) / 2): with fewer than about 20 p vectors the core holds more than the share, and
    with hardly more than p vectors it holds all of them.

    Examples
    --------
    >>> round(core_radius(3.0, 2), 12), round(core_radius(3.0, 256), 2)
    (3.0, 17.62)
    """
    return float(np.sqrt(chi2.ppf(coverage(level), components))) if components else 0.0


def uniform_radius(b: float, components: int) -> tuple[float, float]:
    """Mean and standard deviation of the length of vectors uniform in [-b, b]^components.

    The squared length has the mean N b^2 / 3 and the variance 4 N b^4 / 45. Expanding the square
    root to second order gives the mean b sqrt(N/3 - 1/15) and the standard deviation b / sqrt(15).
    The spread does not grow with N, unlike what the printed source of the method states.

    Parameters
    ----------
    b
        Half the side of the cube, in latent units.
    components
        Number N of components; the approximation holds from about 10 components on.

    Examples
    --------
    >>> mean, std = uniform_radius(1.0, 256)
    >>> round(mean, 3), round(std, 3)
    (9.234, 0.258)
    """
    return float(b * np.sqrt(components / 3 - 1 / 15)), float(b / np.sqrt(15))
