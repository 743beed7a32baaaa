"""The attributes of the latent vectors as a table, and which vectors count."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.splits import split_labels

KNOWN = "has_attributes"
"""The label that says whether the others are known; absent where all are."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Labels:
    """What is known of each vector.

    Attributes
    ----------
    names
        The attributes, sorted.
    values
        bool (image, attribute), False where not known.
    finite
        bool (image): all components of the vector are finite.
    known
        bool (image): finite, and its attributes are known.
    train, test
        bool (image): known, and of this split.
    """

    names: tuple[str, ...]
    values: Bools
    finite: Bools
    known: Bools
    train: Bools
    test: Bools


def read_labels(latents: xr.Dataset, finite: Bools) -> Labels:
    """The boolean labels of the group `latents`; `finite` (image) says which vectors count."""
    found = {
        str(name): label.values
        for name, label in latents.coords.items()
        if label.dims == ("image",) and label.dtype == np.bool_
    }
    known = finite & found.pop(KNOWN, True)
    names, split = tuple(sorted(found)), split_labels(latents)
    values = np.stack([found[n] for n in names], axis=1) if names else np.empty((len(known), 0))
    return Labels(
        names=names,
        values=values.astype(bool),
        finite=finite,
        known=known,
        train=known & (split == "train"),
        test=known & (split == "test"),
    )


def both_values(values: Bools) -> Bools:
    """bool (attribute): whether rows with and without the attribute are among (row, attribute)."""
    return np.asarray(values.any(axis=0) & ~values.all(axis=0))
