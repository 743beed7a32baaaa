"""A step of k-means on blocks of vectors, against scikit-learn."""

import warnings

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import pairwise_distances_argmin

from zpoints.pipeline.structure.k_means import ROWS, Sums, nearest_centre


def vectors(dtype: type, offset: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(3 * ROWS + 17, 9)) + offset).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1e4], ids=["near the origin", "far from it"])
def test_nearest_centre__is_that_of_scikit_learn(dtype: type, offset: float) -> None:
    z = vectors(dtype, offset)
    centre = z[::97].astype(np.float64)

    found = nearest_centre(z, centre)

    np.testing.assert_array_equal(found, pairwise_distances_argmin(z.astype(np.float64), centre))


def test_sums__merged_over_blocks_make_one_step_of_scikit_learns_k_means() -> None:
    z = vectors(np.float32)
    centre = z[::97].astype(np.float64)

    blocks = [Sums.of(block, centre) for block in np.array_split(z, [5, 400])]
    moved = blocks[0].merge(*blocks[1:]).means(centre)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        oracle = KMeans(len(centre), init=centre, n_init=1, max_iter=1).fit(z.astype(np.float64))
    np.testing.assert_allclose(moved, oracle.cluster_centers_, rtol=0, atol=1e-12)


def test_sums__of_a_centre_that_no_vector_is_nearest_to_leave_it_in_place() -> None:
    z = vectors(np.float32)
    centre = np.stack([np.zeros(9), np.full(9, 1e3)])

    moved = Sums.of(z, centre).means(centre)

    np.testing.assert_allclose(moved[0], z.astype(np.float64).mean(axis=0), atol=1e-12)
    np.testing.assert_array_equal(moved[1], centre[1])
