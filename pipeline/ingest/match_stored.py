"""Matches the stored photographs with those of the source."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import TypeAdapter, ValidationError

from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest.images import checksum
from zpoints.pipeline.ingest.quarantine import quarantine_of, refused
from zpoints.pipeline.ingest.sources.source import Source

READERS = 8
"""Files that are read at the same time."""

Rechecked = Mapping[str, tuple[str, int]]
"""Files whose signature differs from the stored one: by name, the signature and the checksum of
the content that was read then. A file that was only copied or touched is read once."""

_RECHECKED: TypeAdapter[dict[str, tuple[str, int]]] = TypeAdapter(dict[str, tuple[str, int]])


@dataclass(frozen=True)
class Match:
    """The stored photographs, matched with those of a source.

    Attributes
    ----------
    names
        (stored row) object: name of the photograph.
    position
        (stored row) int64: index into ``source.names``, or -1.
    same
        (stored row) bool: whether the source holds the content that is stored.
    signature
        (stored row) object: signature that the file had when its content was read.
    quarantine
        ``reason`` and ``signature``, indexed by name, of unusable photographs whose files have not
        changed since.
    rechecked
        Checksums of the files whose signature changed.
    """

    names: np.ndarray
    position: np.ndarray
    same: np.ndarray
    signature: np.ndarray
    quarantine: pd.DataFrame
    rechecked: Rechecked

    @property
    def removed(self) -> tuple[str, ...]:
        """Names of stored photographs that the source lacks."""
        return tuple(self.names[self.position < 0])

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of stored photographs that the source holds with other content."""
        return tuple(self.names[(self.position >= 0) & ~self.same])


def match(source: Source, images: xr.Dataset, rechecked: Rechecked) -> Match:
    """Find the stored photographs in a source.

    A photograph is the same if name and signature are. If only the signature differs, the content
    is read and its checksum decides.

    Parameters
    ----------
    source
        The photographs.
    images
        The group ``images``.
    rechecked
        Files that were read for this purpose by earlier runs.
    """
    names = images["image"].values.astype(object)
    position = pd.Index(source.names).get_indexer(pd.Index(names))
    signature = images["signature"].values.astype(object)
    if source.names_may_change:
        position = _with_renamed(source, names, signature, position)
    content = images["checksum"].values
    now = np.array([*source.signatures, ""], dtype=object)[position]
    same = (position >= 0) & (now == signature)
    differing = np.flatnonzero((position >= 0) & ~same)
    known = {names[row]: rechecked.get(names[row]) for row in differing}
    unread = [row for row in differing if (known[names[row]] or ("",))[0] != now[row]]
    known |= _read(source, names[unread], now[unread], position[unread])
    for row in differing:
        found = known[names[row]]
        same[row] = found is not None and found[1] == int(content[row])
    return Match(
        names=names,
        position=position,
        same=same,
        signature=signature,
        quarantine=_still_quarantined(source, images),
        rechecked={name: found for name, found in known.items() if found is not None},
    )


def _with_renamed(
    source: Source, names: np.ndarray, signature: np.ndarray, position: np.ndarray
) -> np.ndarray:
    """The positions, with those of photographs that the source names otherwise.

    They have the same file name and signature, and no stored photograph has their present name.
    """
    taken = set(position.tolist())
    free: dict[tuple[str, str], list[int]] = {}
    for index in reversed(range(len(source.names))):
        if index not in taken:
            key = _file_name(source.names[index]), source.signatures[index]
            free.setdefault(key, []).append(index)
    position = position.copy()
    for row in np.flatnonzero(position < 0):
        if same := free.get((_file_name(names[row]), signature[row])):
            position[row] = same.pop()
    return position


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def pack_rechecked(rechecked: Rechecked) -> bytes:
    """Encode as JSON, to be stored next to the versions."""
    return json.dumps(rechecked).encode()


def unpack_rechecked(data: bytes | None) -> Rechecked:
    """Decode the result of ``pack_rechecked``; empty if the bytes are anything else."""
    try:
        return _RECHECKED.validate_json(data or b"{}", strict=True)
    except ValidationError:
        return {}


def _read(
    source: Source, names: np.ndarray, signatures: np.ndarray, positions: np.ndarray
) -> dict[str, tuple[str, int] | None]:
    """By name, signature and checksum of files that are read; None for an unreadable file."""
    with ThreadPoolExecutor(READERS) as pool:
        keys = [source.keys[position] for position in positions]
        contents = pool.map(lambda key: _checksum(source, key), keys)
        return {
            name: None if content is None else (signature, content)
            for name, signature, content in zip(names, signatures, contents, strict=True)
        }


def _checksum(source: Source, key: str) -> int | None:
    try:
        return int(checksum(source.files.read(key)))
    except PhotographError:
        return None


def _still_quarantined(source: Source, images: xr.Dataset) -> pd.DataFrame:
    before = quarantine_of(images)
    now = pd.Series(source.signatures, index=pd.Index(source.names, dtype=object), dtype=object)
    same = before["signature"].eq(now.reindex(before.index))
    return pd.concat([refused(source), before[same]])
