"""Training, validation and test split of photographs."""

import numpy as np

SPLITS = ("train", "validation", "test")


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
