"""Which images are for training, validation and test."""

import numpy as np
import xarray as xr


def split_labels(images: xr.Dataset) -> np.ndarray:
    """The split of every image: its label, or one derived from its content checksum.

    Without a ``split`` label, a tenth of the images each become validation and test. The choice
    depends on the photograph alone, so that it stays when other photographs come or go.

    Returns
    -------
    numpy.ndarray
        str (image): ``train``, ``validation`` or ``test``.
    """
    if "split" in images:
        return np.asarray(images["split"].values, dtype=object)
    tenth = images["checksum"].values % np.uint64(10)
    return np.select([tenth == 0, tenth == 1], ["validation", "test"], "train")
