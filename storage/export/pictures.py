"""Exports the images of a group as picture files or contact sheets."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from zpoints.storage.arrays.groups import families
from zpoints.storage.errors import ExportError
from zpoints.storage.export.earlier import leave_mark
from zpoints.storage.export.folder import local_folder
from zpoints.storage.export.picture_names import picture_names
from zpoints.storage.export.sheet import GAP, Pixels, contact_sheet, picture
from zpoints.storage.export.zarr import appearing
from zpoints.storage.rows import Rows
from zpoints.storage.store import Store

Form = Literal["png", "jpeg"]
SUFFIX = {"png": ".png", "jpeg": ".jpg"}
QUALITY = 95
"""Quality of JPEG files, on Pillow's scale."""
SHEET_BYTES = 64 * 2**20


def export_images(
    store: Store,
    group: str,
    destination: str | os.PathLike[str],
    *,
    form: Form = "png",
    overwrite: bool = False,
    on_progress: Callable[[int, int], object] = lambda done, total: None,
) -> Path:
    """Write each image of a group to its own file, a chunk at a time.

    Photographs keep their names and subfolders, with another suffix. If two of them would share a
    file, the suffix is appended to all names; if names still coincide, files are numbered. Samples
    are numbered from 0.

    Parameters
    ----------
    store
        The version to export from.
    group
        A group with images: `images` or `samples/<name>`.
    destination
        A new folder.
    form
        "png" (lossless) or "jpeg" (quality 95).
    overwrite
        Whether an earlier export may be replaced.
    on_progress
        Called with the number of images that are written, and with their total.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    StoreNotFoundError
        If the store has no such group.
    ExportError
        If the group has no images, or `destination` is a URL or exists and may not be replaced.
    """
    images = _images(store, group)
    total = images.sizes[images["pixels"].dims[0]]
    named = picture_names(images, SUFFIX[form])
    with appearing(destination, group, overwrite=overwrite) as folder, _encoders() as pool:
        done = 0
        for pixels in _chunks(store, group, images):
            paths = [folder / named(row) for row in range(done, done + len(pixels))]
            for parent in {path.parent for path in paths}:
                parent.mkdir(parents=True, exist_ok=True)
            list(pool.map(_save, paths, pixels))
            done += len(pixels)
            on_progress(done, total)
        leave_mark(folder, store, group)
    return local_folder(destination)


def export_sheets(
    store: Store,
    group: str,
    destination: str | os.PathLike[str],
    *,
    form: Form = "png",
    columns: int = 20,
    rows: int = 20,
    overwrite: bool = False,
    on_progress: Callable[[int, int], object] = lambda done, total: None,
) -> Path:
    """Write contact sheets with `columns` x `rows` images of a group, in their order.

    Parameters
    ----------
    store, group, destination, form, overwrite, on_progress
        As for `export_images`.
    columns, rows
        Images across and down a sheet, at least 1; the last sheet may have fewer rows.

    Returns
    -------
    pathlib.Path
        The folder, with `sheet-1.png`, `sheet-2.png`, ...

    Raises
    ------
    StoreNotFoundError
        If the store has no such group.
    StoreError
        As for `export_images`, or if a sheet would have more than 64 MiB of pixels.
    """
    images = _images(store, group)
    height, width = images.sizes["y"] + GAP, images.sizes["x"] + GAP
    whole = all(isinstance(number, int | np.integer) for number in (columns, rows))
    if not whole or min(columns, rows) < 1 or columns * rows * height * width * 3 > SHEET_BYTES:
        raise ExportError(
            f"Invalid sheet of {columns!r} x {rows!r} images of {images.sizes['x']} x "
            f"{images.sizes['y']} pixels; expected at least 1 x 1 and at most "
            f"{SHEET_BYTES // (3 * height * width):,} images. Change columns or rows."
        )
    total = images.sizes[images["pixels"].dims[0]]
    digits = len(str(-(-total // (columns * rows))))
    with appearing(destination, group, overwrite=overwrite) as folder:
        done = 0
        for number, pixels in enumerate(_regrouped(_chunks(store, group, images), columns * rows)):
            _save(
                folder / f"sheet-{number + 1:0{digits}d}{SUFFIX[form]}",
                contact_sheet(pixels, columns),
            )
            done += len(pixels)
            on_progress(done, total)
        leave_mark(folder, store, group)
    return local_folder(destination)


def _images(store: Store, group: str) -> xr.Dataset:
    dataset = store.group(group)
    if "pixels" not in dataset.variables or dataset["pixels"].ndim != 4:
        having = [name for name in store.groups if name == "images" or name.startswith("samples/")]
        raise ExportError(
            f"{group} has no images to export; these groups have: "
            f"{', '.join(families(having)) or 'none'}."
        )
    return dataset


def _chunks(store: Store, group: str, images: xr.Dataset) -> Iterator[Pixels]:
    """The images uint8 (n, y, x, channel) of each stored chunk."""
    rows, total = Rows(store.root, store.version, group, "pixels"), images["pixels"].shape[0]
    chunk = store.array(group, "pixels").chunks[0]
    for start in range(0, total, chunk):
        yield rows.read(start, min(start + chunk, total))


def _regrouped(chunks: Iterator[Pixels], size: int) -> Iterator[Pixels]:
    """The same images, `size` at a time."""
    waiting: list[Pixels] = []
    for chunk in chunks:
        waiting.append(chunk)
        while sum(map(len, waiting)) >= size:
            joined = np.concatenate(waiting)
            yield joined[:size]
            waiting = [joined[size:]]
    if sum(map(len, waiting)):
        yield np.concatenate(waiting)


def _save(path: Path, pixels: Pixels) -> None:
    """Save an image (y, x, channel); a single channel is grey."""
    image = picture(pixels)
    if path.suffix == ".jpg":
        image.save(path, quality=QUALITY, subsampling=0)
    else:
        image.save(path)


def _encoders() -> ThreadPoolExecutor:
    # Pillow's encoders release the interpreter lock.
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="picture")
