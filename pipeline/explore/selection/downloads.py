"""Files that the explorer offers: vectors, names, pictures."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from zpoints.pipeline.explore.selection.pictures import Pixels
from zpoints.storage.export.sheet import contact_sheet, picture
from zpoints.storage.export.tables import csv_table

COLUMNS = 6
"""Images across a sheet."""
HIDDEN = ("checksum", "signature")
"""Labels that only the store reads."""


def npy_file(values: Any) -> bytes:
    """An array as a NumPy file, which nothing in it makes Python run."""
    file = io.BytesIO()
    array = np.asarray(values)
    np.save(file, array.astype(str) if array.dtype == object else array, allow_pickle=False)
    return file.getvalue()


def vectors_csv(vectors: xr.Dataset) -> bytes:
    """A row for each vector: its name and labels if it has any, then `z_0`, `z_1`, ...

    Parameters
    ----------
    vectors
        `z` (row, component); the group `latents` or a draw. Cells that a spreadsheet would compute
        begin with an apostrophe, as in `zpoints export --as csv`.
    """
    z = vectors["z"]
    rows = z.dims[0]
    columns: dict[str, Any] = {
        str(name): label.values
        for name, label in vectors.coords.items()
        if label.dims == (rows,) and name not in HIDDEN
    }
    columns = {"image": columns.pop("image"), **columns} if "image" in columns else columns
    values = z.values
    return csv_table(columns | {f"z_{k}": values[:, k] for k in range(values.shape[1])})


def png_sheet(images: Sequence[Pixels]) -> bytes:
    """Images (y, x, channel) uint8, at least one, as one picture in rows of six."""
    return png_file(contact_sheet(np.stack(list(images)), COLUMNS))


def png_file(image: Pixels) -> bytes:
    """An image (y, x, channel) uint8 as a PNG file."""
    file = io.BytesIO()
    picture(image).save(file, "PNG")
    return file.getvalue()


def png_archive(images: Mapping[str, Pixels]) -> bytes:
    """A ZIP archive of PNG files.

    Parameters
    ----------
    images
        Images by name; a name loses folders and suffix, and is numbered, so that none leads out of
        the folder that the archive is unpacked to.
    """
    file = io.BytesIO()
    digits = len(str(max(len(images) - 1, 0)))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number, (name, image) in enumerate(images.items()):
            archive.writestr(f"{number:0{digits}d}-{_stem(name)}.png", png_file(image))
    return file.getvalue()


def drawn_name(generator: str, count: int, seed: int) -> str:
    """Name of a file of drawn vectors, without its suffix.

    Parameters
    ----------
    generator
        Name of the generator; one of another package may have any signs.
    count, seed
        How many were drawn, and with which seed.

    Examples
    --------
    >>> drawn_name("radial_mixture", 24, 7), drawn_name("../my law", 8, 0)
    ('radial_mixture-24-seed7', '___my_law-8-seed0')
    """
    return f"{_safe(generator)}-{count}-seed{seed}"


def _stem(name: str) -> str:
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return _safe(last.rsplit(".", 1)[0] or "image")


def _safe(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)[:100]
