"""The photographs that generated images are compared with."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.errors import EvaluateError
from zpoints.pipeline.labels.labels import Labels

Rows = NDArray[np.int64]
PREFERRED = ("test", "validation", "train")
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
    labels = Labels(latents)
    rng = np.random.default_rng(seed)
    groups = [rng.permutation(np.flatnonzero(labels.in_split(split))) for split in PREFERRED]
    for kind, taken in KINDS.items():
        needed = 2 * (count if kind == "test" else fewest)
        candidates = np.concatenate(groups[:taken])
        rows = first_finite(latents["z"], candidates, max(2 * count, needed))
        if len(rows) >= needed:
            break
    n = min(count, len(rows) // 2)
    if n == 0:
        raise EvaluateError(
            f"The evaluation compares photographs with photographs, and this store has {len(rows)} "
            "with finite latents: ingest more, or stop before it with --until sample."
        )
    rows = rng.permutation(rows[: 2 * n])  # the splits come one after the other
    return HeldOut(kind, rows[:n], rows[n:])


def first_finite(z: xr.DataArray, rows: Rows, wanted: int) -> Rows:
    """The first of `rows` of z (image, component) that are finite; reads few others.

    Returns
    -------
    numpy.ndarray
        int64, at most `wanted` of them, in their order.
    """
    found = rows[:0]
    for start in range(0, len(rows), wanted):
        some = rows[start : start + wanted]
        vectors = z[np.sort(some)].values  # in the order of the chunks
        finite = np.isfinite(vectors).all(axis=1)[np.argsort(np.argsort(some))]
        found = np.concatenate([found, some[finite]])
        if len(found) >= wanted:
            break
    return found[:wanted]
