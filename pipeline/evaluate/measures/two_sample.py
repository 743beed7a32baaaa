"""Classifier two-sample test: can a classifier tell generated latents from real ones?"""

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.estimate import UNKNOWN, Estimate, share_estimate
from zpoints.pipeline.evaluate.inputs import Comparison

TREES, FOLDS, FEWEST = 100, 5, 40


def measure_set(comparison: Comparison) -> dict[str, Estimate]:
    """`c2st`: accuracy on the latents of photographs and of re-encoded images."""
    return {"c2st": two_sample_test(*comparison.latents(), comparison.config.seed)}


def two_sample_test(reference: NDArray, judged: NDArray, seed: int) -> Estimate:
    """Accuracy of a cross-validated classifier: 0.5 indistinguishable, 1 always told apart.

    The classifier is a forest of extremely randomised trees. It detects differences in mean, width
    and tails of single components and, less well, in their dependence, without any scaling; nearest
    neighbours detect hardly anything in hundreds of dimensions. The error is the standard error of
    the share of vectors classified correctly. The larger set is cut to the size of the smaller one.

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
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    n = min(len(reference), len(judged))
    if n < FEWEST:
        return UNKNOWN
    x = np.concatenate([reference[:n], judged[:n]])
    label = np.repeat([0, 1], n)
    state = seed % 2**32  # the range that scikit-learn accepts
    forest = ExtraTreesClassifier(TREES, min_samples_leaf=3, random_state=state)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=state)
    return share_estimate(cross_val_predict(forest, x, label, cv=folds) == label)
