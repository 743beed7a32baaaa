"""Which images are for training, validation and test."""

import numpy as np
import xarray as xr


def split_labels(images: xr.Dataset) -> np.ndarray:
    """The split of every image: its label, or one derived from its content checksum.

    Returns
    -------
    numpy.ndarray
        str (image): ``train``, ``validation`` or ``test``.
    """
    labels = images["split"].values if "split" in images else None
    return splits_of(labels, images["checksum"].values)


def splits_of(labels: np.ndarray | None, checksums: np.ndarray) -> np.ndarray:
    """The split of every image, from labels that may be empty or absent.

    Without a label, a tenth of the images each become validation and test. The choice depends on
    the photograph alone, so that it stays when other photographs come or go.

    Parameters
    ----------
    labels
        str (image), empty where unknown; None without any.
    checksums
        uint64 (image), of the photographs' content.
    """
    tenth = checksums % np.uint64(10)
    derived = np.select([tenth == 0, tenth == 1], ["validation", "test"], "train").astype(object)
    if labels is None:
        return derived
    known = np.asarray(labels, dtype=object)
    return np.where(known == "", derived, known)
