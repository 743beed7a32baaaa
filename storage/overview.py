"""Shows a version of a store as text and as HTML."""

import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from io import BytesIO
from pathlib import Path

import icechunk
import numpy as np
import zarr
from dask.utils import format_bytes
from numpy.typing import NDArray

from zpoints.storage.arrays.groups import group_names
from zpoints.storage.backend.location import reaching
from zpoints.storage.errors import StoreError
from zpoints.storage.export.sheet import contact_sheet, picture
from zpoints.storage.schema.registry import NAMED_KINDS, VARIABLES, kind_of
from zpoints.storage.text import one_line, printed
from zpoints.storage.versions import Version

PHOTOGRAPHS = 8
"""Photographs in the strip."""
SIDE = 64
"""Largest height of the strip, pixels."""
VERSIONS = 5
"""Versions listed; the others are counted."""
NAMES = 6
"""Names listed of the groups of a kind, in text; the others are counted."""
DIMS = 6
"""Dims listed of a group, in the order of its variables; the others are counted."""


@dataclass(frozen=True)
class Content:
    """One group, from its metadata.

    Attributes
    ----------
    name
        Name of the group.
    sizes
        Length of each dim.
    bytes
        Size of its arrays in memory.
    names
        Names of the groups that share the line, instead of sizes.
    """

    name: str
    sizes: Mapping[str, int]
    bytes: int
    names: str = ""

    @property
    def dims(self) -> str:
        """The sizes as text, or the names."""
        if self.names:
            return self.names
        shown = [f"{dim}: {length:,}" for dim, length in list(self.sizes.items())[:DIMS]]
        more = len(self.sizes) - len(shown)
        return ", ".join([*shown, f"{more} more"] if more else shown)


def shortened(root: str) -> str:
    """A root below the working folder or the home folder as a user writes it, others in full.

    Examples
    --------
    >>> shortened(f"{Path.cwd()}/runs/demo"), shortened("s3://bucket/demo")
    ('runs/demo', 's3://bucket/demo')
    """
    path, home = Path(printed(root)), Path(os.path.expanduser("~"))
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else printed(root)


def as_text(root: str, version: str, time: datetime, session: icechunk.Session) -> str:
    """A line per group below the root, the version and the time of its publication.

    Parameters
    ----------
    root, version, time
        The version, as in `Store`.
    session
        Reads the version.
    """
    lines = [
        f"Store {one_line(shortened(root))}",
        f"version {version}, {time:%Y-%m-%d %H:%M:%S} UTC",
    ]
    groups = by_kind(contents(root, session))
    width = max((len(g.name) for g in groups), default=0)
    lines += [f"  {g.name:<{width}} {format_bytes(g.bytes):>11}  ({g.dims})" for g in groups]
    return "\n".join(lines if groups else [*lines, "  nothing published yet"])


def as_html(
    root: str, version: str, time: datetime, session: icechunk.Session, history: Sequence[Version]
) -> str:
    """The same as HTML, with the newest versions and a strip of photographs.

    Parameters
    ----------
    root, version, time
        As for `as_text`.
    session
        Reads the version.
    history
        All versions of the store, newest first.
    """
    groups = contents(root, session)
    parts = [
        f"<p><b>Store</b> {escape(shortened(root))}<br>version {escape(version)}, "
        f"{time:%Y-%m-%d %H:%M:%S} UTC</p>"
    ]
    if any(group.name == "images" for group in groups):
        parts.append(_strip(_photographs(root, session)))
    if groups:
        sizes = [(g.name, format_bytes(g.bytes), g.dims) for g in by_kind(groups)]
        parts.append(_table(("group", "size", "dims"), sizes))
    else:
        parts.append("<p>nothing published yet</p>")
    if history:
        rows = [(f"{v.time:%Y-%m-%d %H:%M}", v.stage, v.message, v.id) for v in history[:VERSIONS]]
        parts.append(_table(("published (UTC)", "stage", "message", "version"), rows))
    if len(history) > VERSIONS:
        parts.append(f"<p>{len(history):,} versions in all</p>")
    return f"<div>{''.join(parts)}</div>"


def by_kind(groups: Sequence[Content]) -> list[Content]:
    """A line for each kind with many groups, which repeat their sizes."""
    lines: dict[str, list[Content]] = {}
    for group in groups:
        kind = kind_of(group.name)
        lines.setdefault(kind if kind in NAMED_KINDS else group.name, []).append(group)
    return [_joined(kind, members) for kind, members in lines.items()]


def _joined(kind: str, members: Sequence[Content]) -> Content:
    if len(members) == 1:
        return members[0]
    names = [one_line(member.name.partition("/")[2]) for member in members]
    shown = ", ".join(names[:NAMES])
    more = f", {len(names) - NAMES} more" if len(names) > NAMES else ""
    size = sum(member.bytes for member in members)
    return Content(f"{kind}/...", {}, size, f"{len(names)} groups: {shown}{more}")


def contents(root: str, session: icechunk.Session) -> list[Content]:
    """The groups of a version; no array is read."""
    with reaching(root):
        store = zarr.open_group(session.store, mode="r")
        return [_content(name, store[name]) for name in group_names(session)]


def _content(name: str, group: zarr.Group | zarr.Array) -> Content:
    assert isinstance(group, zarr.Group)
    arrays = dict(group.arrays())
    known = [variable for variable in VARIABLES[kind_of(name)] if variable in arrays]
    sizes: dict[str, int] = {}
    for array in (arrays[variable] for variable in dict.fromkeys([*known, *sorted(arrays)])):
        dims = getattr(array.metadata, "dimension_names", None) or ()
        sizes |= dict(zip(map(str, dims), array.shape, strict=False))
    return Content(name, sizes, sum(array.nbytes for array in arrays.values()))


def _photographs(root: str, session: icechunk.Session) -> NDArray[np.uint8]:
    """Photographs spread over all; none if a chunk is damaged, which `verify` reports."""
    try:
        with reaching(root):
            pixels = zarr.open_array(session.store, path="images/pixels", mode="r")
            count = pixels.shape[0]
            rows = np.linspace(0, count - 1, min(PHOTOGRAPHS, count))
            return np.asarray(pixels.oindex[rows.round().astype(np.int64)])
    except (StoreError, ValueError):
        return np.empty((0, 1, 1, 1), np.uint8)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells of one line each, but for the last column, which may wrap."""

    def row(cells: Sequence[str], tag: str) -> str:
        filled = (
            f'<{tag} style="text-align: left; white-space: {space}">{escape(cell)}</{tag}>'
            for cell, space in zip(cells, ["nowrap"] * (len(cells) - 1) + ["normal"], strict=True)
        )
        return f"<tr>{''.join(filled)}</tr>"

    return f"<table>{row(heads, 'th')}{''.join(row(cells, 'td') for cells in rows)}</table>"


def _strip(photographs: NDArray[np.uint8]) -> str:
    """The photographs side by side, as an inline PNG; empty without any."""
    if not len(photographs):
        return ""
    image, content = picture(contact_sheet(photographs, PHOTOGRAPHS)), BytesIO()
    if image.height > SIDE:
        image = image.resize((round(image.width * SIDE / image.height), SIDE))
    image.save(content, "png")
    data = b64encode(content.getvalue()).decode("ascii")
    return f'<img alt="{len(photographs)} photographs" src="data:image/png;base64,{data}">'
