"""Exports a group as a plain Zarr v3 store, for readers without Icechunk."""

import os
import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
import xarray as xr

from zpoints.storage.arrays.layout import layout
from zpoints.storage.errors import PlaceError, StoreError
from zpoints.storage.export.earlier import other_files
from zpoints.storage.export.folder import local_folder
from zpoints.storage.marks import result_kind_of
from zpoints.storage.store import Store

NANOSECONDS = np.array(["1678-01-01", "2261-12-31T23:59:59.999999"], "M8[us]")
"""First and last date of whole years that nanoseconds can hold."""


def export_group(
    store: Store, group: str, destination: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a group to a plain Zarr v3 store with consolidated metadata.

    The folder appears when it is complete. Chunks, compression and checksums are those of the
    store, and `xarray.open_zarr(destination)` reads it, labels as coordinates. A label with
    other characters than letters, digits, `_` and `-`, such as `Wearing Hat`, is exported as
    `Wearing_Hat`, with its name in the attribute `label`. A label with dates before 1678 or after
    2261, which xarray does not decode unless it is told to, is exported as text in ISO 8601.

    Parameters
    ----------
    store
        The version to export from.
    group
        Name of the group, e.g. `latents` or `samples/ellipse`.
    destination
        A new folder.
    overwrite
        Whether an earlier export may be replaced.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    StoreNotFoundError
        If the store has no such group.
    StoreError
        If `destination` is a URL, or exists and may not be replaced.
    """
    dataset = store.group(group)
    with appearing(destination, group, overwrite=overwrite) as folder:
        _write(group, dataset, folder)
    return local_folder(destination)


@contextmanager
def appearing(destination: str | os.PathLike[str], what: str, *, overwrite: bool) -> Iterator[Path]:
    """Context with a scratch folder, which is renamed to `destination` unless the block raises.

    Parameters
    ----------
    destination
        The final folder.
    what
        Name of the exported group, for messages.
    overwrite
        Whether an earlier export may be replaced.

    Raises
    ------
    StoreError
        If `destination` is a URL, or exists and may not be replaced, or cannot be written.
    """
    target = local_folder(destination).resolve()  # a link stays
    _check_free(target, what, overwrite=overwrite)
    # A unique name, since another export to the same folder may be under way.
    partial, earlier = (
        target.with_name(f".{target.name}.{uuid4().hex}.{part}") for part in ("partial", "earlier")
    )
    try:
        partial.mkdir(parents=True)
        yield partial
        _check_free(target, what, overwrite=overwrite)
        _replace(target, partial, earlier)
    except OSError as error:
        raise StoreError(
            f"{target} cannot be written ({error.strerror or error}). Free space there, or name "
            "another folder; nothing was exported."
        ) from error
    finally:
        for folder in (partial, earlier):
            shutil.rmtree(folder, ignore_errors=True)


def _replace(target: Path, new: Path, earlier: Path) -> None:
    """Put a new folder in the place of the earlier one, which stays if that fails."""
    if target.exists():
        target.rename(earlier)
    try:
        new.rename(target)
    except OSError:
        if earlier.exists():
            earlier.rename(target)
        raise


def _check_free(target: Path, what: str, *, overwrite: bool) -> None:
    """Refuse an existing folder, unless an export wrote all of it and it may be replaced."""
    if not target.exists():
        return
    if not overwrite:
        raise PlaceError(
            f"{target} exists: name a new folder to export {what} to, or replace it with "
            "--overwrite."
        )
    if result_kind_of(target) != "export":
        raise PlaceError(
            f"{target} is not an earlier export and is not overwritten. Name a new folder to "
            f"export {what} to."
        )
    if others := other_files(target):
        raise PlaceError(
            f"{target} is an earlier export, but holds other files ({others}), and is not "
            f"overwritten. Move them, or name a new folder to export {what} to."
        )


def _write(group: str, dataset: xr.Dataset, target: Path) -> None:
    dataset, encoding = layout(group, _with_plain_names(_with_text_for_far_dates(dataset)))
    with warnings.catch_warnings():
        # Readers without consolidated metadata ignore it, so the warning does not matter.
        warnings.filterwarnings("ignore", message="Consolidated metadata", category=UserWarning)
        dataset.to_zarr(target, mode="w", zarr_format=3, consolidated=True, encoding=encoding)


def _with_text_for_far_dates(dataset: xr.Dataset) -> xr.Dataset:
    """Labels whose dates do not fit into nanoseconds, to which xarray decodes, as text."""
    far = {}
    for name, label in dataset.coords.items():
        if label.dtype.kind != "M":
            continue
        dates = label.values[~np.isnat(label.values)]
        if ((dates < NANOSECONDS[0]) | (dates > NANOSECONDS[1])).any():
            text = np.where(np.isnat(label.values), "", label.values.astype(str)).astype(object)
            far[name] = label.variable.copy(data=text)
            far[name].encoding = {}
    return dataset.assign_coords(far)


def _with_plain_names(dataset: xr.Dataset) -> xr.Dataset:
    """Labels under names of letters, digits, ``_`` and ``-``, which `array_name` keeps."""
    names: dict[str, str] = {}
    for name in map(str, dataset.coords):
        plain = re.sub(r"[^\w-]+", "_", name)
        if plain.startswith("_"):
            plain = f"label{plain}"
        while plain != name and (plain in dataset.variables or plain in names.values()):
            plain += "_"
        if plain != name:
            names[name] = plain
    labels = {name: dataset[name].assign_attrs(label=name) for name in names}
    return dataset.assign_coords(labels).rename(names)
