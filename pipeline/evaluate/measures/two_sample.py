"""Classifier two-sample test: can a classifier tell generated latents from real ones?"""

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.measures.estimate import UNKNOWN, Estimate, share_estimate

TREES, FOLDS, FEWEST = 100, 5, 40


def two_sample_test(reference: NDArray, judged: NDArray, seed: int) -> Estimate:
    """Accuracy of a cross-validated classifier: 0.5 indistinguishable, 1 told apart every time.

    The classifier is a forest of extremely randomised trees. It sees differences of means, widths
    and tails of single components and, less well, of their dependence, without any scaling; nearest
    neighbours see next to nothing in hundreds of dimensions. The error is the standard error of the
    share of vectors that are told apart; the larger set is cut to the smaller one's size.

    Parameters
    ----------
    reference, judged
        Float (sample, component), finite; fewer than 40 of either give NaN.
    seed
        Of the folds and the forest.

    References
    ----------
    Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests.
    """
    from sklearn.ensemble import ExtraTreesClassifier  # not for runs that are up to date
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    n = min(len(reference), len(judged))
    if n < FEWEST:
        return UNKNOWN
    x = np.concatenate([reference[:n], judged[:n]])
    label = np.repeat([0, 1], n)
    state = seed % 2**32  # as much as scikit-learn takes
    forest = ExtraTreesClassifier(TREES, min_samples_leaf=3, random_state=state)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=state)
    return share_estimate(cross_val_predict(forest, x, label, cv=folds) == label)
