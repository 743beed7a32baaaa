"""Names of the files that images are exported to."""

from collections.abc import Callable
from pathlib import PurePosixPath

import xarray as xr

Naming = Callable[[int], str]


def picture_names(images: xr.Dataset, suffix: str) -> Naming:
    """What gives the relative path of each row's file: all different, none outside the folder.

    Parameters
    ----------
    images
        A group with images: stored names where it has `name`, numbers where not.
    suffix
        Of the files, e.g. `.png`.
    """
    count = images.sizes[images["image"].dims[0]]
    digits = len(str(max(count - 1, 0)))

    def numbered(row: int) -> str:
        return f"{row:0{digits}d}{suffix}"

    if "name" not in images.variables:
        return numbered
    names = images["name"].values

    def replaced(row: int) -> str:
        return str(_inside(names[row], row).with_suffix(suffix))

    def appended(row: int) -> str:
        return f"{_inside(names[row], row)}{suffix}"

    for naming in (replaced, appended):
        if len({naming(row).casefold() for row in range(count)}) == count:
            return naming
    return numbered


def _inside(name: str, row: int) -> PurePosixPath:
    """The name without what leads out of a folder: an archive may name a photograph ../a.jpg."""
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
    return PurePosixPath(*parts or [str(row)])
