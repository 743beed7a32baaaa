"""Training, validation and test split of photographs."""

import numpy as np

SPLITS = ("train", "validation", "test")
FEWEST_TRAINING = 2
"""Photographs that a training needs."""
TRAINING_SHARE = 0.8
"""Share of the photographs without a split that train."""


def assigned_splits(given: np.ndarray | None, checksums: np.ndarray) -> np.ndarray:
    """The split of each photograph: the given one, or one derived from its checksum.

    A tenth each of the photographs without a split go to validation and test. The choice depends
    on the photograph alone, so it does not change when other photographs come or go.

    Parameters
    ----------
    given
        (image,) str, empty where unknown; None if there are no given splits.
    checksums
        (image,) uint64, of the photographs' content.

    Returns
    -------
    numpy.ndarray
        (image,) object: `train`, `validation` or `test`.
    """
    tenth = checksums % np.uint64(10)
    derived = np.select([tenth == 0, tenth == 1], ["validation", "test"], "train").astype(object)
    if given is None:
        return derived
    known = np.asarray(given, dtype=object)
    return np.where(known == "", derived, known)


def splits_by_order(given: np.ndarray | None, checksums: np.ndarray) -> np.ndarray | None:
    """The splits of photographs whose checksums would leave too few to the training.

    Equal photographs have equal checksums, and a few may fall into the other splits by chance.
    Then those without a given split are divided by their order: of ten, the third goes to
    validation and the fourth to test.

    Parameters
    ----------
    given, checksums
        As for `assigned_splits`.

    Returns
    -------
    numpy.ndarray or None
        (image,) object; None if the checksums serve, or no order would help.

    Examples
    --------
    >>> splits_by_order(None, np.ones(5, np.uint64)).tolist()
    ['train', 'train', 'validation', 'test', 'train']
    >>> splits_by_order(None, np.full(5, 7, np.uint64))
    """
    assigned = assigned_splits(given, checksums)
    free = np.ones(len(assigned), np.bool_) if given is None else np.asarray(given, object) == ""
    if np.count_nonzero(assigned == "train") >= FEWEST_TRAINING:
        return None
    place = np.arange(np.count_nonzero(free)) % 10
    assigned[free] = np.select([place == 2, place == 3], ["validation", "test"], "train")
    found = np.count_nonzero(assigned == "train")
    return assigned if found >= FEWEST_TRAINING else None
