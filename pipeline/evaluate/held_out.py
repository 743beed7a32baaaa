"""The photographs that generated images are compared with."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.evaluate.errors import EvaluateError
from pipeline.splits import split_labels

Rows = NDArray[np.int64]
SPLITS = ("test", "validation", "train")
KINDS = {"test": 1, "test and validation": 2, "all": 3}
"""What is chosen from, by how many of the splits it takes."""


@dataclass(frozen=True)
class HeldOut:
    """Two disjoint sets of photographs of equal size.

    Attributes
    ----------
    kind
        "test", "test and validation", or "all" where too few were held out of the training.
    reference
        int64 (image): rows of those that everything is compared with, in random order.
    real
        int64 (image): rows of others, that stand for a perfect generator, in random order.
    """

    kind: str
    reference: Rows
    real: Rows


def choose_held_out(latents: xr.Dataset, count: int, *, fewest: int, seed: int) -> HeldOut:
    """Choose photographs at random: of the test split first, then of the validation split.

    Parameters
    ----------
    latents
        The group `latents`. Photographs with a NaN or infinite component are left out.
    count
        Wanted size of each set.
    fewest
        If fewer were held out than twice this, photographs of the training are taken as well.
    seed
        Decides which.

    Raises
    ------
    EvaluateError
        If there are not two photographs.
    """
    finite = xr.apply_ufunc(np.isfinite, latents["z"], dask="allowed").all("component").values
    split = split_labels(latents)
    rng = np.random.default_rng(seed)
    groups = [rng.permutation(np.flatnonzero(finite & (split == s))) for s in SPLITS]
    for kind, taken in KINDS.items():
        rows = np.concatenate(groups[:taken])
        if len(rows) >= 2 * (count if kind == "test" else fewest):
            break
    n = min(count, len(rows) // 2)
    if n == 0:
        raise EvaluateError(
            f"The evaluation compares photographs with photographs, and this store has {len(rows)} "
            "with finite latents: ingest more, or stop before it with --until sample."
        )
    return HeldOut(kind, rows[:n], rows[n : 2 * n])
