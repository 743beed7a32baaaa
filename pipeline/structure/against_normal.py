"""What structure of the vectors exceeds that of a normal distribution with the same covariance."""

from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.structure.memory import CLUSTERED, COMPONENTS, SAMPLE

Floats = NDArray[np.float64]
Contents = dict[str, tuple[tuple[str, ...], Any]]

DRAWS = 5
"""Sets of as many normal vectors, whose spread shows what is chance."""
STARTS = 3
BINS = 60
"""Intervals of the distribution of correlations."""


def compare_with_normal(z: da.Array, basis: Basis, *, clusters: int, seed: int) -> Contents:
    """Measure clusters and micro-correlations of vectors and of as many normal ones.

    At most 10,000 evenly spaced vectors are read. In whitened coordinates w of the leading
    principal components a normal distribution has independent directions and lengths; if the
    squares (w / |w|)^2 correlate, so do the sizes of components, which the covariance does not
    show. The radius is divided out, so that heavy tails alone do not correlate them.

    Parameters
    ----------
    z
        (vector, component) real, all finite.
    basis
        Principal components of all vectors.
    clusters
        Number of k-means clusters.
    seed
        Of the normal vectors and of k-means.

    Returns
    -------
    dict
        Variables of the group `structure`, see `_AGAINST_NORMAL` in the registry; empty if there
        are fewer than two components or fewer vectors than clusters.
    """
    leading = basis.varying_part.leading(COMPONENTS)
    sample = z[:: -(-len(z) // SAMPLE)].compute()
    if len(leading.loadings) < 2 or len(sample) <= max(clusters, 2):
        return {}
    with single_threaded_blas(), threadpool_limits(1, user_api="openmp"):
        w = leading.whiten(sample.astype(np.float64))
        found = [_measured(w, leading.deviations, clusters, seed)]
        for draw in range(DRAWS):
            rng = np.random.default_rng((seed, draw))
            normal = rng.normal(size=w.shape)
            found.append(_measured(normal, leading.deviations, clusters, seed))
    correlations = [one for one, _ in found]
    rms = np.array([np.sqrt(np.mean(c**2)) for c in correlations])
    inertia, silhouette = np.array([tightness for _, tightness in found]).T
    edges, counts = _histograms(correlations)
    return {
        "compared_vectors": ((), np.int64(len(w))),
        "compared_components": ((), np.int64(w.shape[1])),
        "clustered_vectors": ((), np.int64(len(_thinned(w)))),
        "compared_clusters": ((), np.int64(clusters)),
        "square_correlation": ((), rms[0]),
        "square_correlation_edges": (("correlation_edge",), edges),
        "square_correlation_histogram": (("correlation_bin",), counts[0]),
        "cluster_inertia": ((), inertia[0]),
        "cluster_silhouette": ((), silhouette[0]),
        "normal_square_correlation": (("normal_draw",), rms[1:]),
        "normal_square_correlation_histogram": (
            ("normal_draw", "correlation_bin"),
            np.stack(counts[1:]),
        ),
        "normal_cluster_inertia": (("normal_draw",), inertia[1:]),
        "normal_cluster_silhouette": (("normal_draw",), silhouette[1:]),
    }


def _measured(
    w: Floats, deviations: Floats, clusters: int, seed: int
) -> tuple[Floats, tuple[float, float]]:
    """Correlations of squares and tightness of clusters of whitened vectors."""
    tightness = cluster_tightness(_thinned(w) * deviations, clusters, seed)
    return square_correlations(w), tightness


def _thinned(w: Floats) -> Floats:
    """At most `CLUSTERED` of the vectors, evenly spaced."""
    return w[:: -(-len(w) // CLUSTERED)]


def square_correlations(w: Floats) -> Floats:
    """Correlations (pair) of the squares of whitened coordinates, each vector over its length.

    Parameters
    ----------
    w
        (vector, coordinate) whitened coordinates; a vector of length 0 is left out.

    Returns
    -------
    numpy.ndarray
        (pair,) float64, every pair of coordinates once; without those that do not vary.
    """
    squares = w**2
    length = squares.sum(axis=1, keepdims=True)
    shares = (squares / np.where(length > 0, length, 1.0))[length[:, 0] > 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.corrcoef(shares.T)[np.triu_indices(w.shape[1], 1)]
    defined: Floats = found[np.isfinite(found)]
    return defined


def cluster_tightness(v: Floats, clusters: int, seed: int) -> tuple[float, float]:
    """Share of the squared deviations within k-means clusters, and the mean silhouette.

    Parameters
    ----------
    v
        (vector, coordinate), at least one more than clusters.
    clusters
        Number of clusters.
    seed
        Of the search.

    References
    ----------
    Rousseeuw (1987), Silhouettes: a graphical aid to the interpretation and validation of cluster
    analysis.
    """
    found = KMeans(clusters, n_init=STARTS, random_state=seed).fit(v)
    share = float(found.inertia_ / np.sum((v - v.mean(axis=0)) ** 2))
    return share, float(silhouette_score(v, found.labels_))


def _histograms(correlations: list[Floats]) -> tuple[Floats, list[NDArray[np.int64]]]:
    """Common edges that cover all correlations, and the counts of each set."""
    largest = max(float(np.abs(c).max(initial=1e-6)) for c in correlations)
    edges = np.linspace(-largest, largest, BINS + 1)
    return edges, [np.histogram(c, edges)[0].astype(np.int64) for c in correlations]
