"""Classifier two-sample test: can a classifier tell generated latents from real ones?

Two classifiers look at the vectors; the better one counts.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.evaluate.estimate import UNKNOWN, Estimate, share_estimate
from zpoints.pipeline.evaluate.inputs import Comparison
from zpoints.pipeline.sample.region import whitened

TREES, FOLDS, FEWEST = 100, 5, 40
PENALTY = 0.01
"""Inverse strength of the penalty of the logistic regression, whose features are standardised."""


def measure_set(comparison: Comparison) -> dict[str, Estimate]:
    """`c2st`: accuracy on the latents of photographs and of re-encoded images."""
    reference, judged = comparison.latents()
    first, second = (whitened(z, comparison.statistics) ** 2 for z in (reference, judged))
    seed = comparison.config.seed
    with single_threaded_blas():
        found = (forest_test(reference, judged, seed), squares_test(first, second, seed))
    return {"c2st": max(found, key=lambda estimate: np.nan_to_num(estimate.value))}


def forest_test(reference: NDArray, judged: NDArray, seed: int) -> Estimate:
    """Accuracy of extremely randomised trees: 0.5 indistinguishable, 1 always told apart.

    They detect differences in mean, width and tails of single components and, less well, in their
    dependence, without any scaling; nearest neighbours detect hardly anything in hundreds of
    dimensions.

    Parameters
    ----------
    reference, judged
        Float (sample, component), finite; fewer than 40 vectors in either give NaN.
    seed
        Seed of the folds and the forest.

    References
    ----------
    Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests.
    """
    from sklearn.ensemble import ExtraTreesClassifier  # slow to import

    forest = ExtraTreesClassifier(TREES, min_samples_leaf=3, random_state=seed % 2**32)
    return _accuracy(forest, reference, judged, seed)


def squares_test(reference: NDArray, judged: NDArray, seed: int) -> Estimate:
    """Accuracy of a logistic regression on squares of whitened vectors.

    It sums weak differences of all components, as between a mixture of normal distributions and
    heavier tails, which trees that split at one component at a time miss.

    Parameters
    ----------
    reference, judged
        Squared whitened vectors (sample, pc), finite; fewer than 40 in either give NaN.
    seed
        Seed of the folds.
    """
    from sklearn.linear_model import LogisticRegression  # slow to import
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return _accuracy(
        make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY)), reference, judged, seed
    )


def _accuracy(classifier: Any, reference: NDArray, judged: NDArray, seed: int) -> Estimate:
    """Share of vectors that a cross-validated classifier labels correctly, with its error.

    The larger set is cut to the size of the smaller one.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    n = min(len(reference), len(judged))
    if n < FEWEST or not reference.shape[1]:
        return UNKNOWN
    x = np.concatenate([reference[:n], judged[:n]])
    label = np.repeat([0, 1], n)
    state = seed % 2**32  # the range that scikit-learn accepts
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=state)
    return share_estimate(cross_val_predict(classifier, x, label, cv=folds) == label)
