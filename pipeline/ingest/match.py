"""The photographs that are stored, matched with those of the source."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest.images import checksum
from zpoints.pipeline.ingest.sources.source import Source

READERS = 8

Touched = Mapping[str, tuple[str, int]]
"""By name, a signature that is not the stored one, and the checksum of the content it was found
with: what is known of files that were merely touched, so that they are read only once."""


@dataclass(frozen=True)
class Known:
    """Stored photographs.

    Attributes
    ----------
    names
        (stored row) their names.
    place
        int64 (stored row): the place in ``source.names``, or -1.
    same
        bool (stored row): whether the source holds the content that is stored.
    signature
        (stored row) what the listing said when the content was read.
    quarantine
        ``reason`` and ``signature`` by name, of photographs that were unusable and whose files
        have not changed since.
    touched
        What comparing contents has shown.
    """

    names: np.ndarray
    place: np.ndarray
    same: np.ndarray
    signature: np.ndarray
    quarantine: pd.DataFrame
    touched: Touched

    @property
    def removed(self) -> tuple[str, ...]:
        """Names of stored photographs that the source lacks."""
        return tuple(self.names[self.place < 0])

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of stored photographs that the source holds with other content."""
        return tuple(self.names[(self.place >= 0) & ~self.same])


def match(source: Source, stored: xr.Dataset, touched: Touched) -> Known:
    """Find the stored photographs in a source.

    A photograph is the same if its name and the listing's signature are; where only the signature
    differs, the content is read and its checksum decides.

    Parameters
    ----------
    source
        The photographs.
    stored
        The group ``images``.
    touched
        What earlier comparisons have shown.
    """
    names = stored["name"].values.astype(object)
    place = pd.Index(source.names).get_indexer(pd.Index(names))
    now = np.array([*source.signatures, ""], dtype=object)[place]
    signature = stored["signature"].values.astype(object)
    content = stored["checksum"].values
    same = (place >= 0) & (now == signature)
    differing = np.flatnonzero((place >= 0) & ~same)
    seen = {names[row]: touched.get(names[row]) for row in differing}
    unread = [row for row in differing if (seen[names[row]] or ("",))[0] != now[row]]
    with ThreadPoolExecutor(READERS) as pool:
        keys = [source.keys[place[row]] for row in unread]
        contents = pool.map(lambda key: _checksum(source, key), keys)
        for row, content_now in zip(unread, contents, strict=True):
            seen[names[row]] = None if content_now is None else (now[row], content_now)
    for row in differing:
        found = seen[names[row]]
        same[row] = found is not None and found[1] == int(content[row])
    return Known(
        names=names,
        place=place,
        same=same,
        signature=signature,
        quarantine=_still_quarantined(source, stored),
        touched={name: found for name, found in seen.items() if found is not None},
    )


def refused(source: Source) -> pd.DataFrame:
    """What the listing alone shows to be unusable: ``reason`` and ``signature`` by name."""
    return pd.DataFrame(
        {
            "reason": [r.reason for r in source.refused],
            "signature": [r.signature for r in source.refused],
        },
        index=pd.Index([r.name for r in source.refused], dtype=object),
        dtype=object,
    )


def quarantine_of(images: xr.Dataset) -> pd.DataFrame:
    """What is in quarantine: ``reason`` and ``signature`` by name."""
    if "quarantined" not in images.variables:
        return pd.DataFrame({"reason": [], "signature": []}, dtype=object)
    return pd.DataFrame(
        {
            "reason": images["quarantine_reason"].values.astype(object),
            "signature": images["quarantine_signature"].values.astype(object),
        },
        index=images["quarantined"].values.astype(object),
    )


def pack_touched(touched: Touched) -> bytes:
    """As JSON, to be kept beside the versions."""
    return json.dumps(touched).encode()


def unpack_touched(data: bytes | None) -> Touched:
    """What ``pack_touched`` made; nothing of what is no such JSON."""
    try:
        content = json.loads(data or b"{}")
        return {name: (signature, found) for name, (signature, found) in content.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _checksum(source: Source, key: str) -> int | None:
    try:
        return int(checksum(source.files.read(key)))
    except PhotographError:
        return None


def _still_quarantined(source: Source, stored: xr.Dataset) -> pd.DataFrame:
    before = quarantine_of(stored)
    now = pd.Series(source.signatures, index=pd.Index(source.names, dtype=object), dtype=object)
    same = before["signature"].eq(now.reindex(before.index))
    return pd.concat([refused(source), before[same]])
