"""Reads arrays of Zarr stores that other programs wrote; nothing in them is unpickled."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from zpoints.storage.errors import StoreError

CODECS = {
    *("bytes", "transpose", "sharding_indexed", "crc32c", "gzip", "zstd", "blosc"),
    *("zlib", "bz2", "lzma", "lz4", "shuffle", "delta", "crc32", "adler32", "fletcher32"),
    *("fixedscaleoffset", "quantize", "bitround", "astype", "packbits"),
}
"""Codecs of arrays that are read; `pickle` would run code."""


@dataclass(frozen=True)
class ForeignRows:
    """Rows of an array of a Zarr store; a task carries the paths and opens the array.

    Attributes
    ----------
    folder
        The store, a local folder.
    name
        Path of the array in it; empty if the folder is an array.
    """

    folder: Path
    name: str

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows start to stop - 1."""
        array = open_foreign(self.folder, self.name)
        try:
            return np.asarray(array[start:stop])
        except RuntimeError as error:  # codecs report damaged chunks with it
            raise ValueError(str(error)) from error


def foreign_arrays(folder: Path) -> dict[str, tuple[int, ...]]:
    """Paths and shapes of the arrays of numbers of a Zarr store, those of inner groups included.

    A store that is an array has the path `""`.

    Raises
    ------
    StoreError
        If the folder is not a Zarr store, or is damaged.
    """
    try:
        node = zarr.open(folder, mode="r")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(folder, error) from error
    if isinstance(node, zarr.Array):
        return {"": node.shape}
    try:
        return {name: array.shape for name, array in _arrays(node, "")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(folder, error) from error


def open_foreign(folder: Path, name: str) -> zarr.Array:
    """Open an array of a Zarr store for reading.

    Raises
    ------
    StoreError
        If it is damaged, or has a codec that is not read.
    """
    try:
        array = zarr.open_array(folder, path=name, mode="r")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(folder, error) from error
    foreign = {codec for codec in _codecs(array) if codec.removeprefix("numcodecs.") not in CODECS}
    if foreign:
        raise StoreError(
            f"{folder} has the codecs {', '.join(sorted(foreign))} in the array {name or 'itself'},"
            f" which are not read. Expected some of {', '.join(sorted(CODECS))}; write it again "
            "with one of these."
        )
    return array


def _arrays(group: zarr.Group, prefix: str) -> Iterator[tuple[str, zarr.Array]]:
    for name, array in group.arrays():
        if array.dtype.kind in "fiu":
            yield f"{prefix}{name}", array
    for name, inner in group.groups():
        yield from _arrays(inner, f"{prefix}{name}/")


def _codecs(array: zarr.Array) -> Iterator[str]:
    """Names of the codecs of an array, those inside shards included."""
    stated = array.metadata.to_dict()
    waiting: list[Any] = [stated.get(kind) for kind in ("codecs", "filters", "compressor")]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list | tuple):
            waiting += part
        elif isinstance(part, dict):
            yield str(part.get("name", part.get("id", "unnamed"))).lower()
            inner = part.get("configuration") or {}
            waiting += [inner.get("codecs"), inner.get("index_codecs")]
        elif hasattr(part, "get_config"):
            waiting.append(part.get_config())


def _unreadable(folder: Path, error: Exception) -> StoreError:
    return StoreError(
        f"{folder} cannot be read as a Zarr store ({error}). Expected an array, or a group of "
        "arrays, of Zarr version 2 or 3."
    )
