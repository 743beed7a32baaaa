"""Names picture files of an export."""

from collections.abc import Callable
from pathlib import PurePosixPath

import xarray as xr

Naming = Callable[[int], str]


def picture_names(images: xr.Dataset, suffix: str) -> Naming:
    """A function from a row to the relative path of its file.

    All paths differ, and none leads out of the export folder.

    Parameters
    ----------
    images
        A group with `pixels`; files have the names in `image`, or numbers if it has none.
    suffix
        Suffix of the files, e.g. `.png`.
    """
    count = images.sizes[images["pixels"].dims[0]]
    digits = len(str(max(count - 1, 0)))

    def numbered(row: int) -> str:
        return f"{row:0{digits}d}{suffix}"

    if "image" not in images.variables:
        return numbered
    names = images["image"].values

    def replaced(row: int) -> str:
        return str(_inside(names[row], row).with_suffix(suffix))

    def appended(row: int) -> str:
        return f"{_inside(names[row], row)}{suffix}"

    for naming in (replaced, appended):
        if len({naming(row).casefold() for row in range(count)}) == count:
            return naming
    return numbered


def _inside(name: str, row: int) -> PurePosixPath:
    """Strips components that would leave the export folder, e.g. of `../a.jpg` in an archive."""
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
    return PurePosixPath(*parts or [str(row)])
