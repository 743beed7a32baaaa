"""Writes the page of two stores to a folder or a bucket."""

import hashlib
import json
import re
from typing import Any

from zpoints.pipeline.compare.stores import remarks
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.latent_space.stored import LatentStore
from zpoints.pipeline.progress import Console
from zpoints.pipeline.report.comparison.pair import Pair, Side, read_pair
from zpoints.pipeline.report.destination import (
    Destination,
    mark_of,
    place,
    report_destination,
    writing_to,
)
from zpoints.pipeline.report.elements.notice import Notice
from zpoints.pipeline.report.page.header import settings_text
from zpoints.storage.schema.attributes import nested

COMPARED = "compared"
"""What the mark of a comparison has in addition to that of a report."""


def comparison_destination(
    chosen: str | None, roots: tuple[str, str], versions: tuple[str | None, str | None]
) -> Destination:
    """Destination of a comparison.

    Parameters
    ----------
    chosen
        Folder or URL; None means a folder in `comparisons`, by the names of both roots and a hash
        of where they are and of the versions named.
    roots
        Roots of the stores.
    versions
        Versions as the user wrote them.

    Raises
    ------
    ConfigError
        If it would be in one of the stores, or holds the report of one.
    """
    if chosen is None:
        where = json.dumps([*map(place, roots), *versions])
        digest = hashlib.blake2b(where.encode(), digest_size=4).hexdigest()
        names = [
            re.sub(r"[^A-Za-z0-9._]+", "-", place(root).rstrip("/").split("/")[-1])
            for root in roots
        ]
        chosen = f"comparisons/{'-'.join((*(name[:40] for name in names), digest))}"
    for root in roots:
        destination = report_destination(chosen, root)
    mark = mark_of(destination)
    if mark is not None and not _is_comparison(mark):
        raise ConfigError(
            f"The comparison cannot be written to {destination}, which holds the report of a run. "
            "Name another folder with zpoints compare: --output."
        )
    return destination


def _is_comparison(mark: bytes) -> bool:
    """Whether a mark is that of a comparison; others are judged where a report is written."""
    try:
        found = json.loads(mark)
    except (ValueError, RecursionError):
        return True
    return not isinstance(found, dict) or COMPARED in found


def write_comparison(
    a: LatentStore, b: LatentStore, destination: Destination, *, console: Console
) -> list[str]:
    """Write the page of two stores; returns what is not alike in them.

    Parameters
    ----------
    a, b
        The stores.
    destination
        Folder, or URL of a prefix in a bucket, from `comparison_destination`.
    console
        Shows how many figures and tables are done.

    Raises
    ------
    ConfigError
        If the destination holds anything but an earlier comparison.
    StoreError
        If a store lacks latents or their statistics.
    """
    # Imported here, since they load Matplotlib.
    from zpoints.pipeline.report.comparison.sections import sections
    from zpoints.pipeline.report.page.render import write_page

    pair = read_pair(a, b)
    title = f"{pair.a.label} beside {pair.b.label}"
    notices = remarks(a, b, pair.shared)
    mark: dict[str, Any] = {
        "fingerprint": None,
        "version": f"{a.version} {b.version}",
        "report": {},
        "title": title,
        COMPARED: [a.root, b.root],
    }
    with writing_to(destination, mark) as folder:
        shown = [Notice(text) for text in notices]
        header = {"written": "", "notices": shown, "figures": [], "provenance": _facts(pair)}
        write_page(folder, sections(pair), title=title, header=header, console=console)
    return notices


def _facts(pair: Pair) -> list[tuple[str, str]]:
    """Where both stores are, and how their networks were made."""
    return [
        (f"{side.letter}, {name}", value)
        for side in pair.sides
        for name, value in _facts_of(side)
        if value
    ]


def _facts_of(side: Side) -> list[tuple[str, str]]:
    attrs = {} if side.model is None else side.model.attrs
    return [
        ("store", side.store.root),
        ("version", f"{side.store.version}, {side.store.time:%Y-%m-%d %H:%M} UTC"),
        ("architecture", settings_text(nested(attrs, "architecture"))),
        ("training", settings_text(nested(attrs, "training"))),
        ("weights, SHA-256", str(attrs.get("sha256", ""))),
    ]
