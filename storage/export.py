"""A group as a plain Zarr v3 store, for readers that know nothing of Icechunk."""

import os
import shutil
import warnings
from pathlib import Path

import xarray as xr

from storage.errors import StoreError
from storage.groups import layout
from storage.store import Store


def export_group(store: Store, group: str, destination: str | os.PathLike[str]) -> Path:
    """Write a group to a plain Zarr v3 store with consolidated metadata.

    The folder appears when it is complete. Chunks, compression and checksums are those of the
    store; `xarray.open_zarr(destination)` reads it.

    Parameters
    ----------
    store
        The version to export from.
    group
        Name of the group, e.g. `latents` or `samples/ellipse`.
    destination
        A folder that does not exist yet.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    StoreNotFoundError
        If the store has no such group.
    StoreError
        If `destination` exists.
    """
    target = Path(destination).expanduser().absolute()
    if target.exists():
        raise StoreError(f"{target} exists: name a new folder to export {group} to.")
    dataset = store.group(group)
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(group, dataset, partial)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _write(group: str, dataset: xr.Dataset, target: Path) -> None:
    dataset, encoding = layout(group, dataset)
    with warnings.catch_warnings():
        # Readers that do not know consolidated metadata ignore it, so the warning tells nothing.
        warnings.filterwarnings("ignore", message="Consolidated metadata", category=UserWarning)
        dataset.to_zarr(target, mode="w", zarr_format=3, consolidated=True, encoding=encoding)
