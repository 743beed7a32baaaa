"""Groups of a store as xarray Datasets: how they are laid out, opened, and found complete."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import icechunk
import numpy as np
import xarray as xr
import zarr
from dask.base import tokenize
from zarr.codecs import Crc32cCodec, ZstdCodec

from storage.errors import SchemaError, StoreError, StoreNotFoundError
from storage.variables import find, is_text, validate

ZSTD_LEVEL = 1
EAGER_BYTES = 64 * 2**20
"""Data variables above this size open lazily even if the registry calls them small."""
READERS = 8
"""Threads that read labels; on S3 each of some fifty labels costs a round trip."""
CHUNK_BYTES = 32 * 2**20
"""NumPy-backed variables are stored in one chunk up to this size."""


def codecs(*, compress: bool) -> tuple[Any, ...]:
    """Compression where it pays, then a checksum over the stored bytes."""
    return (ZstdCodec(level=ZSTD_LEVEL), Crc32cCodec()) if compress else (Crc32cCodec(),)


def chunk_shape(name: str, variable: xr.Variable) -> tuple[int, ...]:
    """Shape of the Zarr chunks: the Dask chunks, or slabs of at most 32 MiB of a NumPy array.

    Raises
    ------
    SchemaError
        If the Dask chunks along a dimension differ (the last one may be shorter).
    """
    if variable.chunks is None:
        row = max(1, variable.nbytes // max(1, variable.shape[0])) if variable.ndim else 1
        rows = max(1, CHUNK_BYTES // row)
        return tuple(max(1, n if k else min(n, rows)) for k, n in enumerate(variable.shape))
    for dim, lengths in zip(variable.dims, variable.chunks, strict=True):
        if len(set(lengths[:-1])) > 1 or lengths[-1] > lengths[0]:
            raise SchemaError(
                f"{name} has uneven chunks along {dim}: {lengths[:4]} ...; expected chunks of "
                f"one length and a shorter last one. Use .chunk({{{str(dim)!r}: n}})."
            )
    return tuple(max(1, lengths[0]) for lengths in variable.chunks)


def layout(group: str, dataset: xr.Dataset) -> tuple[xr.Dataset, dict[Any, dict[str, Any]]]:
    """Dataset with text of any length, and the Zarr encoding of its variables."""
    dataset = dataset.assign({n: _of_any_length(v) for n, v in dataset.data_vars.items()})
    dataset = dataset.assign_coords({n: _of_any_length(v) for n, v in dataset.coords.items()})
    encoding: dict[Any, dict[str, Any]] = {}
    for name, variable in dataset.variables.items():
        known = find(group, str(name), variable)
        encoding[name] = {
            "chunks": chunk_shape(str(name), variable),
            # Photographs, latent vectors and weights are all but incompressible.
            "compressors": codecs(compress=known is None or not known.lazy),
            "write_empty_chunks": True,
        }
        if variable.dtype.kind == "f":
            encoding[name] |= {"fill_value": np.nan, "_FillValue": None}
    return dataset.drop_encoding(), encoding


def write_group(session: icechunk.Session, group: str, dataset: xr.Dataset) -> None:
    """Replace a group: NumPy-backed variables with their values, Dask-backed ones as metadata."""
    dataset, encoding = layout(group, dataset)
    dataset.to_zarr(
        session.store,
        group=group,
        mode="w",
        zarr_format=3,
        consolidated=False,
        encoding=encoding,
        compute=False,
    )


def same_layout(session: icechunk.Session, group: str, dataset: xr.Dataset) -> bool:
    """Whether a group was laid out for this dataset: fingerprint, variables, shapes, chunks."""
    try:
        stored = zarr.open_group(session.store, path=group, mode="r")
    except (FileNotFoundError, zarr.errors.GroupNotFoundError):
        return False
    if stored.attrs.get("fingerprint") != dataset.attrs.get("fingerprint"):
        return False
    dataset, encoding = layout(group, dataset)
    wanted = {
        name: (v.shape, v.dtype, encoding[name]["chunks"]) for name, v in dataset.variables.items()
    }
    found = {name: (a.shape, a.dtype, a.chunks) for name, a in stored.arrays()}
    return wanted == found


def _of_any_length(array: xr.DataArray) -> xr.DataArray:
    # Zarr v3 has no stable form of fixed-width strings and warns about them.
    return array.astype(np.dtypes.StringDType()) if is_text(array.dtype) else array


def open_group(session: icechunk.Session, group: str) -> xr.Dataset:
    """Open a group: labels and small variables in memory, big arrays as lazy Dask arrays.

    Raises
    ------
    StoreNotFoundError
        If there is no such group.
    SchemaError
        If it disagrees with the registry.
    """
    try:
        dataset = xr.open_zarr(session.store, group=group, consolidated=False, chunks=None)
    except (FileNotFoundError, zarr.errors.GroupNotFoundError) as error:
        raise StoreNotFoundError(
            f"This version of the store has no group {group}; it has "
            f"{', '.join(group_names(session)) or 'none yet'}."
        ) from error
    validate(group, dataset)
    known = {name: find(group, str(name), v) for name, v in dataset.variables.items()}
    lazy = {
        name: _chunked(str(name), variable)
        for name, variable in dataset.variables.items()
        if (entry := known[name]) and not entry.label
        if entry.lazy or variable.nbytes > EAGER_BYTES
    }
    _load(group, dataset.drop_vars(lazy))
    dataset = dataset.assign(lazy)
    data = [n for n in dataset.coords if (entry := known[n]) and not (entry.label or entry.lazy)]
    labels = [name for name, entry in known.items() if entry and entry.label]
    return dataset.reset_coords(data).set_coords(labels)


def _load(group: str, small: xr.Dataset) -> None:
    """Read variables into memory, in place."""
    with ThreadPoolExecutor(READERS) as pool:
        loads = {name: pool.submit(v.load) for name, v in small.variables.items()}
    for name, load in loads.items():
        try:
            load.result()
        except ValueError as error:
            raise StoreError(
                f"{group}/{name} is damaged: {error}. Open an older version, or run the stage "
                "that made it again."
            ) from error


def _chunked(name: str, variable: xr.Variable) -> xr.Variable:
    # Inlined, a chunk's task depends on no shared node, which schedulers place better.
    prefix = f"open-{name}"
    chunks = variable.encoding["preferred_chunks"]
    token = tokenize(variable._data)
    return variable.chunk(chunks, name=f"{prefix}-{token}", lock=False, inline_array=True)


def group_names(session: icechunk.Session) -> tuple[str, ...]:
    """Names of all groups that hold arrays, e.g. `("images", "samples/ellipse")`, sorted."""
    names = []
    for name, group in zarr.open_group(session.store, mode="r").groups():
        if name == "samples":
            names += [f"{name}/{child}" for child in group.group_keys()]
        else:
            names.append(name)
    return tuple(sorted(names))
