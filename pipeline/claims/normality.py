"""Deviation of number distributions from normal distributions."""

from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

SKEWNESS, KURTOSIS, DISTANCE = 0.5, 1.0, 0.03
"""Largest values of a distribution that looks Gaussian, see `Normality.looks_gaussian`."""


class Normality(NamedTuple):
    """Shape of the number distributions; NaN for constant components.

    Attributes
    ----------
    skewness, kurtosis
        (component) float64, skewness and excess kurtosis; both are 0 for a normal distribution.
    distance
        (component) float64, Kolmogorov distance: the largest difference between the cumulative
        distribution, at the borders of the grid's cells, and that of the normal distribution with
        the same mean and standard deviation. It is 0.02 for a logistic, 0.06 for a uniform, 0.07
        for a Laplace and 0.16 for an exponential distribution.
    vectors
        Number of values per component.
    """

    skewness: Floats
    kurtosis: Floats
    distance: Floats
    vectors: int

    @property
    def looks_gaussian(self) -> NDArray[np.bool_]:
        """(component) whether skewness, excess kurtosis and distance are all small.

        The limits are 0.5, 1 and 0.03, each plus the 5 % critical value for n normal vectors:
        2 sqrt(6/n), 2 sqrt(24/n), 0.886/sqrt(n) (Lilliefors 1967). The criterion is visual: with
        thousands of vectors a test of exact normality rejects distributions that look normal in a
        figure.
        """
        n = max(self.vectors, 1)
        return (
            (np.abs(self.skewness) <= SKEWNESS + 2 * np.sqrt(6 / n))
            & (np.abs(self.kurtosis) <= KURTOSIS + 2 * np.sqrt(24 / n))
            & (self.distance <= DISTANCE + 0.886 / np.sqrt(n))
        )


def normality(statistics: xr.Dataset) -> Normality:
    """Measure the shape of each component's number distribution.

    The grid of the stored state counts every value in cells, at least 512 of which span the range
    from minimum to maximum.

    Parameters
    ----------
    statistics
        The `statistics` group: `grid_counts`, `grid_origin`, `grid_exponent`, `mean`, `variance`,
        `minimum`, `maximum`, `count`.

    Examples
    --------
    >>> import dask.array as da
    >>> from zpoints.pipeline.analyze import analyze
    >>> shape = normality(analyze(da.random.default_rng(0).normal(size=(20000, 2))))
    >>> shape.looks_gaussian.tolist(), float(shape.distance.max()) < 0.01
    ([True, True], True)
    """
    names = ("mean", "variance", "minimum", "maximum", "grid_exponent", "grid_origin")
    mean, variance, low, high, exponent, origin = (
        statistics[name].values[:, None] for name in names
    )
    counts = statistics["grid_counts"].values
    width = np.exp2(exponent)
    edges = (origin + np.arange(counts.shape[1] + 1)) * width
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.where(high > low, np.sqrt(variance), np.nan)
        share = counts / counts.sum(axis=1, keepdims=True)
        edges = (edges - mean) / deviation
        centres = (edges[:, 1:] + edges[:, :-1]) / 2
        second, third, fourth = (np.sum(share * centres**power, axis=1) for power in (2, 3, 4))
        distance = np.abs(np.cumsum(share, axis=1) - ndtr(edges[:, 1:])).max(axis=1)
        vectors = int(statistics["count"].values.max(initial=0))
        return Normality(third / second**1.5, fourth / second**2 - 3, distance, vectors)
