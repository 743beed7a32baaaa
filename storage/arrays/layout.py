"""Lays out groups of a store: chunks, compression and fill values of their arrays."""

from collections.abc import Mapping
from typing import Any, Literal

import dask.array as da
import icechunk
import numpy as np
import xarray as xr
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from zpoints.storage.arrays.groups import group_attrs
from zpoints.storage.errors import SchemaError
from zpoints.storage.schema.array_names import array_name
from zpoints.storage.schema.provenance import provenance_of
from zpoints.storage.schema.registry import find_variable
from zpoints.storage.schema.validation import is_text

ZSTD_LEVEL = 1
CHUNK_BYTES = 32 * 2**20
"""NumPy-backed variables are stored in one chunk up to this size."""
DATES = {"units": "microseconds since 1970-01-01", "calendar": "proleptic_gregorian"}
"""Attributes of dates, which every reader of CF conventions decodes."""


def codecs(*, compress: bool) -> tuple[Any, ...]:
    """Compression if asked for, then a checksum of the stored bytes."""
    return (ZstdCodec(level=ZSTD_LEVEL), Crc32cCodec()) if compress else (Crc32cCodec(),)


def unwritten(
    dims: str | tuple[str, ...], shape: tuple[int, ...], dtype: Any, *, chunk: int
) -> xr.Variable:
    """A variable of a template whose values tasks will write, in chunks of rows.

    Shorter arrays have chunks of the same length, so that a group keeps its layout when rows are
    added or dropped.

    Parameters
    ----------
    dims, shape, dtype
        Dimensions, shape and dtype of the variable.
    chunk
        Rows per chunk.
    """
    fill = "" if is_text(dtype) else 0
    data = da.full(shape, fill, dtype=dtype, chunks=(chunk, *shape[1:]))
    return xr.Variable(dims, data, encoding={"chunks": (chunk, *shape[1:])})


def chunk_shape(name: str, variable: xr.Variable) -> tuple[int, ...]:
    """Shape of the Zarr chunks.

    That of the encoding if it has one (`unwritten` sets it), else that of the Dask chunks, or slabs
    of at most 32 MiB of a NumPy array.

    Raises
    ------
    SchemaError
        If the Dask chunks along a dimension differ (the last one may be shorter).
    """
    if "chunks" in variable.encoding and variable.chunks is not None:
        return tuple(variable.encoding["chunks"])
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
    """The dataset as it is stored, and the Zarr encoding of its variables.

    Text has variable length, dates are whole numbers with units, and variables have the names of
    arrays (`array_name`).
    """
    changed = {n: _variable_length(v) for n, v in dataset.variables.items() if is_text(v.dtype)}
    changed |= {n: _counted(v) for n, v in dataset.variables.items() if v.dtype.kind == "M"}
    dataset = dataset.assign({n: v for n, v in changed.items() if n in dataset.data_vars})
    dataset = dataset.assign_coords({n: v for n, v in changed.items() if n in dataset.coords})
    encoding: dict[Any, dict[str, Any]] = {}
    for name, variable in dataset.variables.items():
        known = find_variable(group, str(name), variable)
        stored = array_name(str(name))
        encoding[stored] = {
            "chunks": chunk_shape(str(name), variable),
            # Photographs, latent vectors and weights hardly compress.
            "compressors": codecs(compress=known is None or not known.lazy),
            "write_empty_chunks": True,
        }
        if variable.dtype.kind == "f":
            encoding[stored] |= {"fill_value": np.nan, "_FillValue": None}
    arrays = {name: array_name(str(name)) for name in dataset.variables}
    dataset = dataset.rename({name: array for name, array in arrays.items() if name != array})
    return dataset.drop_encoding(), encoding


def write_group(session: icechunk.Session, group: str, dataset: xr.Dataset) -> None:
    """Replace a group.

    Parameters
    ----------
    session
        A writable session.
    group
        Name of the group.
    dataset
        Its content. Of NumPy-backed variables the values are written, of Dask-backed ones the
        metadata only.
    """
    dataset, encoding = layout(group, dataset)
    write_layout(session, group, dataset, encoding, mode="w")


def write_layout(
    session: icechunk.Session,
    group: str,
    dataset: xr.Dataset,
    encoding: Mapping[Any, dict[str, Any]],
    *,
    mode: Literal["w", "a"],
) -> None:
    """Write what `layout` made: values of NumPy-backed variables, metadata of all.

    Parameters
    ----------
    session
        A writable session.
    group
        Name of the group.
    dataset, encoding
        The result of `layout`, or some variables of it.
    mode
        `w` replaces the group, `a` adds to it.
    """
    dataset.to_zarr(
        session.store,
        group=group,
        mode=mode,
        zarr_format=3,
        consolidated=False,
        encoding={name: encoding[name] for name in dataset.variables},
        compute=False,
    )


def same_layout(session: icechunk.Session, group: str, dataset: xr.Dataset) -> bool:
    """Whether a stored group has the fingerprint, variables, shapes and chunks of a dataset.

    Parameters
    ----------
    session
        A session that can read the group.
    group
        Name of the group.
    dataset
        The dataset to compare it with.
    """
    before, after = (
        provenance_of(attrs).get("fingerprint")
        for attrs in (group_attrs(session, group), dataset.attrs)
    )
    if before != after:
        return False
    stored = zarr.open_group(session.store, path=group, mode="r")
    dataset, encoding = layout(group, dataset)
    wanted = {
        name: (v.shape, v.dtype, encoding[name]["chunks"]) for name, v in dataset.variables.items()
    }
    found = {name: (a.shape, a.dtype, a.chunks) for name, a in stored.arrays()}
    return wanted == found


def _variable_length(text: xr.Variable) -> xr.Variable:
    # Zarr v3 has no stable form of fixed-width strings and warns about them.
    return text.astype(np.dtypes.StringDType())


def _counted(dates: xr.Variable) -> xr.Variable:
    """Dates as CF's microseconds, the smallest number where missing.

    Encoded here, because a comparison with what is stored needs the stored dtype.
    """
    counts = dates.values.astype("M8[us]").astype(np.int64)
    return xr.Variable(dates.dims, counts, {**dates.attrs, **DATES})
