"""k-means clusters of the vectors, and their association with attributes."""

from dataclasses import dataclass
from functools import partial

import dask.array as da
import numpy as np
from numpy.typing import NDArray
from scipy.stats.contingency import association
from sklearn.cluster import KMeans
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.analyze.reduction import merged_over_chunks
from zpoints.pipeline.labels.labels import LabelNumbers
from zpoints.pipeline.structure.k_means import Sums, nearest_centre
from zpoints.pipeline.structure.memory import SAMPLE

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Bools = NDArray[np.bool_]

STARTS = 5
MOST_STEPS = 10
"""Passes over all vectors, after a search on a sample that has converged."""


@dataclass(frozen=True)
class Clusters:
    """Clusters, the largest first.

    Attributes
    ----------
    centre
        (cluster, component).
    count
        (cluster,) number of vectors in each, at least one.
    member
        (vector,) index of the cluster of each vector.
    """

    centre: Floats
    count: Counts
    member: Counts


def find_clusters(z: da.Array, clusters: int, *, variance: float, seed: int) -> Clusters:
    """Divide vectors into clusters by k-means: each vector belongs to the nearest centre.

    The search starts from the best of five on at most 10,000 of the vectors. It continues on all
    vectors until the centres converge, for at most 10 steps, and reads them chunk by chunk in each.

    Parameters
    ----------
    z
        (vector, component) real, at least one vector, all finite.
    clusters
        Number of clusters; there are fewer if there are fewer distinct vectors.
    variance
        Mean variance of the components. The centres have converged when the squared distances that
        they move in a step sum to less than 1e-4 of it.
    seed
        Seed of the first search.

    Returns
    -------
    Clusters
        None of them empty.
    """
    sample = z[:: -(-len(z) // SAMPLE)].compute()
    clusters = min(clusters, len(np.unique(sample, axis=0)))
    # One OpenMP thread too: scikit-learn adds the results of several in arbitrary order.
    with single_threaded_blas(), threadpool_limits(1, user_api="openmp"):
        first = KMeans(clusters, n_init=STARTS, random_state=seed).fit(sample)
    centre = first.cluster_centers_.astype(np.float64)
    tolerance = 1e-4 * float(np.nan_to_num(variance))
    for _ in range(MOST_STEPS):
        moved = merged_over_chunks(z, partial(Sums.of, centre=centre)).means(centre)
        shift = np.sum((moved - centre) ** 2)
        centre = moved
        if shift < tolerance:
            break
    belongs = da.map_blocks(nearest_centre, z, centre, drop_axis=1, dtype=np.int64)
    with single_threaded_blas():
        member = belongs.compute()
    count = np.bincount(member, minlength=clusters)
    order = np.argsort(-count, kind="stable")[: np.count_nonzero(count)]
    rank = np.empty(clusters, np.int64)
    rank[order] = np.arange(len(order))
    return Clusters(centre[order], count[order].astype(np.int64), rank[member])


def attribute_counts(member: Counts, values: Bools, clusters: int) -> tuple[Counts, Counts]:
    """Count the vectors of each cluster, and those of them that have each attribute.

    Parameters
    ----------
    member
        (vector,) int, index of the cluster.
    values
        (vector, attribute) bool.
    clusters
        Number of clusters.

    Returns
    -------
    total, having
        (cluster,) and (cluster, attribute) int64.
    """
    total = np.bincount(member, minlength=clusters)
    having = [np.bincount(member[has], minlength=clusters) for has in values.T]
    return total, np.stack(having, axis=1)


def category_shares(
    member: Counts, label_numbers: LabelNumbers, clusters: int
) -> dict[str, tuple[tuple[str, ...], Floats]]:
    """Share of each category among the vectors of each cluster that have its label, and among all.

    Parameters
    ----------
    member
        (vector,) int, index of the cluster.
    label_numbers
        The labels of these vectors, in memory; numbers and dates are passed over.
    clusters
        Number of clusters.

    Returns
    -------
    dict
        `cluster_category_share` (cluster, category), NaN where no vector has the label, and
        `category_rate` (category); empty without categories.
    """
    counts = []
    for column, codes in zip(label_numbers.columns, label_numbers.values.T, strict=True):
        if width := len(column.categories):
            known = ~np.isnan(codes)
            cells = member[known] * width + codes[known].astype(np.int64)
            counts.append(np.bincount(cells, minlength=clusters * width).reshape(clusters, width))
    if not counts:
        return {}
    with np.errstate(invalid="ignore"):
        shares = [of / of.sum(axis=1, keepdims=True) for of in counts]
        rates = [of.sum(axis=0) / of.sum() for of in counts]
    return {
        "cluster_category_share": (("cluster", "category"), np.concatenate(shares, axis=1)),
        "category_rate": (("category",), np.concatenate(rates)),
    }


def cramers_v(total: Counts, having: Counts) -> Floats:
    """Cramer's V (attribute,) of clusters and attributes, from the results of `attribute_counts`.

    It is 0 if all clusters have the same share, and 1 if each has all or none. It is NaN if all
    vectors or none have the attribute, and 0 for a single cluster.

    References
    ----------
    Cramer (1946), Mathematical methods of statistics, section 21.9.
    """
    having, total = having[total > 0], total[total > 0]
    found = np.full(having.shape[1], np.nan)
    for a, has in enumerate(having.T):
        if 0 < has.sum() < total.sum():
            table = np.stack([has, total - has])
            single = len(total) == 1
            found[a] = 0.0 if single else association(table, method="cramer", correction=False)
    return found


def cluster_roc_auc(share: Floats, member: Counts, values: Bools) -> Floats:
    """Area under the ROC curve (attribute,) of predicting an attribute from the cluster alone.

    Parameters
    ----------
    share
        (cluster, attribute) share of the training vectors of the cluster that have the attribute.
    member, values
        (vector,) and (vector, attribute) of other vectors; each attribute has both values.
    """
    return np.array([roc_auc_score(y, s[member]) for y, s in zip(values.T, share.T, strict=True)])
