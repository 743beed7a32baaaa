"""Writes the page of z-points, and the picture of their small photographs."""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zpoints.pipeline.report.config import ReportConfig
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.template import template
from zpoints.pipeline.report.inputs import ReportStore
from zpoints.pipeline.report.points.columns import Column, coordinates, labels_of
from zpoints.pipeline.report.points.sprite import sprite
from zpoints.pipeline.row_sample import representative_rows
from zpoints.storage.marks import REPORT_FIGURES, REPORT_POINTS
from zpoints.storage.schema.provenance import were_imported

SPRITE = f"{REPORT_FIGURES}/points.jpg"
NO_PHOTOGRAPH = 65535


@dataclass(frozen=True)
class PointsPage:
    """What a report states of the page that it links to.

    Attributes
    ----------
    name
        Path in the folder of the report.
    points, total
        Number of points, and of vectors in the store.
    photographs
        Number of points with a small photograph.
    side
        Side of these in pixels.
    page_bytes, photograph_bytes
        Size of the page, and of the picture of the photographs.
    """

    name: str
    points: int
    total: int
    photographs: int
    side: int
    page_bytes: int
    photograph_bytes: int

    @property
    def megabytes(self) -> float:
        """Size of both files, in MB."""
        return (self.page_bytes + self.photograph_bytes) / 1e6


def write_points(
    folder: Path, store: ReportStore, data: ReportData, *, title: str
) -> PointsPage | None:
    """Write the page of z-points; None if the settings want none, or no vector is finite.

    Parameters
    ----------
    folder
        Folder of the report, with its folder of figures.
    store
        The store; only the rows shown are read.
    data
        The report's data.
    title
        Heading of the report.
    """
    config, latents = data.config, store.latents
    rows = representative_rows(latents.sizes["image"], config.points)
    z = latents["z"][rows].values
    finite = np.isfinite(z).all(axis=1)
    rows, z = rows[finite], z[finite].astype(np.float64)
    if not len(rows):
        return None
    shown = latents.drop_vars("z").isel(image=rows).load()
    axes, mean, covariance = coordinates(shown, z, data.statistics, data.dominance.order)
    photographs = _photographs(folder, store, rows, config)
    head = {
        "names": [str(name) for name in shown["image"].values],
        "total": latents.sizes["image"],
        "level": config.ellipse_level,
        "mean": _json(mean),
        "covariance": [_json(row) for row in covariance],
        "sprite": photographs.facts,
    }
    labels = labels_of(latents, rows, z, data.structure)
    page = _page(packed(head, axes, labels, photographs.places), title)
    (folder / REPORT_POINTS).write_text(page, encoding="utf-8")
    return PointsPage(
        REPORT_POINTS,
        points=len(rows),
        total=latents.sizes["image"],
        photographs=photographs.count,
        side=photographs.facts.get("side", 0),
        page_bytes=len(page.encode()),
        photograph_bytes=photographs.size,
    )


@dataclass(frozen=True)
class _Photographs:
    """Which point has which small photograph, and where they are."""

    places: NDArray[np.uint16]
    facts: dict[str, Any]
    count: int = 0
    size: int = 0


def _photographs(
    folder: Path, store: ReportStore, rows: NDArray[np.int64], config: ReportConfig
) -> _Photographs:
    """Write the picture of the small photographs of some points, evenly spaced."""
    places = np.full(len(rows), NO_PHOTOGRAPH, "<u2")
    points = representative_rows(len(rows), config.thumbnails)
    images = _image_rows(store, rows[points])
    points, images = points[images >= 0], images[images >= 0]
    if not len(points):
        return _Photographs(places, {})
    order = np.argsort(images, kind="stable")
    places[points[order]] = np.arange(len(points))
    data, side, across = sprite(store.images["pixels"], images[order])
    (folder / SPRITE).write_bytes(data)
    facts = {"file": SPRITE, "side": side, "across": across}
    return _Photographs(places, facts, len(points), len(data))


def _image_rows(store: ReportStore, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of `images` of these vectors; -1 where there is no photograph."""
    if not were_imported(store.latents):
        return rows
    if not store.is_current("images"):
        return np.full(len(rows), -1)
    names = pd.Index(store.images["image"].values)
    return names.get_indexer(pd.Index(store.latents["image"].values[rows]))


def packed(
    head: Mapping[str, Any],
    axes: Sequence[Column],
    labels: Sequence[Column],
    places: NDArray[np.uint16],
) -> str:
    """Base64 of the compressed data of the page, in which no name can be taken for HTML.

    Parameters
    ----------
    head
        Values for JSON; the columns are added.
    axes, labels
        The columns.
    places
        (point) uint16, the number of the small photograph of each point.
    """
    wide = [places, *(column.codes for column in (*axes, *labels) if column.codes.itemsize == 2)]
    narrow = [column.codes for column in labels if column.codes.itemsize == 1]
    facts = {
        "axes": [{"name": column.name, **column.facts} for column in axes],
        "labels": [{"name": column.name, **column.facts} for column in labels],
    }
    text = json.dumps({**head, **facts}, ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    columns = b"".join(codes.tobytes() for codes in (*wide, *narrow))
    content = len(text).to_bytes(4, "little") + text + columns
    return base64.b64encode(zlib.compress(content, 6)).decode()


def _page(data: str, title: str) -> str:
    return template(Path(__file__).with_name("points.html")).render(title=title, data=data)


def _json(values: NDArray[np.float64]) -> list[float | None]:
    """Numbers for JSON, which has no NaN."""
    return [float(value) if np.isfinite(value) else None for value in values]
