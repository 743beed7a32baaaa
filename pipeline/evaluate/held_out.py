"""The stored vectors, with their photographs if any, that drawn ones are compared with."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.errors import EvaluateError
from zpoints.pipeline.labels.labels import Labels, known_splits

Rows = NDArray[np.int64]
PREFERRED = ("test", "validation", "train")
KINDS = {"test": 1, "test and validation": 2, "all": 3}
"""Kinds of choice, and the number of splits of `PREFERRED` that each draws from."""


@dataclass(frozen=True)
class HeldOut:
    """Two disjoint sets of stored vectors of equal size.

    Attributes
    ----------
    kind
        Splits they are from: "test", "test and validation", or "all" if too few were held out of
        the training.
    reference
        int64 (image): rows of the vectors that every row of the table is compared with, in random
        order.
    real
        int64 (image): rows of others, which represent a perfect generator, in random order.
    """

    kind: str
    reference: Rows
    real: Rows


def choose_held_out(latents: xr.Dataset, count: int, *, fewest: int, seed: int) -> HeldOut:
    """Choose vectors at random, from the test split first, then from the validation split.

    Parameters
    ----------
    latents
        The group `latents`. Vectors with a NaN or infinite component are left out.
    count
        Desired size of each set.
    fewest
        If fewer than twice this number were held out, those of the training are taken as well.
    seed
        Seed of the choice.

    Raises
    ------
    EvaluateError
        If fewer than two vectors are finite.
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
            f"The evaluation needs at least 2 finite latent vectors; this store has {len(rows)}. "
            "Store more, or stop before the evaluation with --until sample."
        )
    rows = rng.permutation(rows[: 2 * n])  # mix the splits
    return HeldOut(kind, rows[:n], rows[n:])


def held_out_rows(latents: xr.Dataset) -> tuple[str, Rows]:
    """Name of the split and rows of the test images, or of all images where there are none.

    Parameters
    ----------
    latents
        The group `latents`.
    """
    splits = known_splits(latents)
    if splits is not None:
        rows = np.flatnonzero(splits == "test")
        if rows.size:
            return "test", rows
    return "all", np.arange(latents.sizes["image"])


def mixed(rows: Rows) -> Rows:
    """Rows in a fixed random order: a folder whose folders are classes is sorted by class.

    Parameters
    ----------
    rows
        (row) int64.

    Examples
    --------
    >>> mixed(np.arange(6))
    array([3, 2, 5, 4, 0, 1])
    """
    return np.random.default_rng(0).permutation(rows)


def first_finite(z: xr.DataArray, rows: Rows, wanted: int) -> Rows:
    """The first rows whose vectors are finite; reads few others.

    Parameters
    ----------
    z
        float32 (image, component), lazy.
    rows
        int64, candidates in order of preference.
    wanted
        Maximum number of rows.

    Returns
    -------
    numpy.ndarray
        int64, at most `wanted` of `rows`, in their order.
    """
    found = rows[:0]
    for start in range(0, len(rows), wanted):
        some = rows[start : start + wanted]
        vectors = z[np.sort(some)].values  # sorted, to read each chunk once
        finite = np.isfinite(vectors).all(axis=1)[np.argsort(np.argsort(some))]
        found = np.concatenate([found, some[finite]])
        if len(found) >= wanted:
            break
    return found[:wanted]
