"""How the labels of a selection differ from those of all images."""

from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.labels.labels import Labels, known_splits

Floats = NDArray[np.float64]


class Share(NamedTuple):
    """A label, or a category of one, in a selection and in all images.

    Attributes
    ----------
    name
        The label, or `label=category`.
    selected, all
        Share of the images that have it, among those whose label is known; NaN where none is.
    having
        Images of the selection that have it.
    """

    name: str
    selected: float
    all: float
    having: int

    @property
    def deviation(self) -> float:
        """By how many standard errors of a random selection the share differs, roughly."""
        spread = np.sqrt(max(self.all * (1 - self.all), 1e-9))
        return float(abs(self.selected - self.all) / spread)


def label_shares(latents: xr.Dataset, rows: NDArray[np.int64]) -> list[Share]:
    """Shares of all attributes, categories and splits, those that differ most first.

    Parameters
    ----------
    latents
        The group `latents`.
    rows
        (row) int64, the selection.

    Returns
    -------
    list of Share
        In descending order of the difference in units of the spread of the label.

    Examples
    --------
    >>> latents = xr.Dataset(coords={"Smiling": ("image", [True, True, False, False])})
    >>> label_shares(latents, np.array([0, 1, 2]))[0][:3]
    ('Smiling', 0.6666666666666666, 0.5)
    """
    labels = Labels(latents)
    annotated = labels.annotated
    known = annotated[rows]
    found = [
        _share(name, values[rows][known], values[annotated])
        for name, values in zip(labels.names, labels.values.T, strict=True)
    ]
    for column in labels.columns:
        if column.kind != "category":
            continue
        codes = column.as_numbers(latents[column.name].values)
        everywhere, here = codes[~np.isnan(codes)], codes[rows][~np.isnan(codes[rows])]
        found += [
            _share(f"{column.name}={category}", here == code, everywhere == code)
            for code, category in enumerate(column.categories)
        ]
    splits = known_splits(latents)
    if splits is not None:
        found += [
            _share(f"split={split}", splits[rows] == split, splits == split)
            for split in sorted(set(splits) - {""})
        ]
    shares = [share for share in found if np.isfinite(share.selected)]
    return sorted(shares, key=lambda share: -share.deviation)


def _share(name: str, here: NDArray[np.bool_], everywhere: NDArray[np.bool_]) -> Share:
    def mean(flags: NDArray[np.bool_]) -> float:
        return float(flags.mean()) if len(flags) else float("nan")

    return Share(name, mean(here), mean(everywhere), int(np.count_nonzero(here)))
