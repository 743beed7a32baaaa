"""Writes the page: draws every entry, then fills the template."""

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from zpoints.pipeline.progress import Console
from zpoints.pipeline.report.answer.notices import notices
from zpoints.pipeline.report.config import ReportConfig
from zpoints.pipeline.report.data import read_data
from zpoints.pipeline.report.elements.entry import Entry, Section
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.elements.template import template
from zpoints.pipeline.report.inputs import Reconstruct, ReportStore, StageTiming
from zpoints.pipeline.report.page.header import key_figures, provenance
from zpoints.pipeline.report.page.pictures import write_picture
from zpoints.pipeline.report.page.spreadsheet import csv_text
from zpoints.pipeline.report.points.write import write_points
from zpoints.pipeline.report.sections import packages
from zpoints.pipeline.report.sections.contents import contents
from zpoints.storage.marks import REPORT_FIGURES, REPORT_TABLES

PAGE = Path(__file__).with_name("page.html")


def write_report(
    folder: Path,
    store: ReportStore,
    *,
    config: ReportConfig,
    title: str,
    timings: Sequence[StageTiming],
    reconstruct: Reconstruct | None,
    console: Console,
) -> Path:
    """Write the report of a store: the figures first, then the page that shows them.

    Parameters
    ----------
    folder
        Folder for `index.html`, `figures/` and `tables/`; created if absent.
    store
        The store, complete up to its samples.
    config
        The section `report`.
    title
        Heading of the page.
    timings
        Time of each stage, in the order of the stages.
    reconstruct
        Decodes z (image, component) float32 into images (image, y, x, channel) uint8; None where
        vectors have no images, of which the page then shows none.
    console
        Shows how many figures and tables are done.

    Returns
    -------
    Path
        Path of the page.
    """
    data, history = read_data(store, config, reconstruct), store.history()
    _make_folders(folder)
    points = write_points(folder, store, data, title=title)
    *shown, run = contents(data, timings, history, provenance(store, data))
    return write_page(
        folder,
        [*shown, *packages.section(store), run],
        title=title,
        header={
            "written": f"{history[0].time:%Y-%m-%d %H:%M} UTC" if history else "",
            "notices": notices(store, data),
            "points": points,
            "figures": key_figures(store, data),
            "provenance": [],
        },
        console=console,
    )


def write_page(
    folder: Path,
    sections: Sequence[Section],
    *,
    title: str,
    header: Mapping[str, Any],
    console: Console,
) -> Path:
    """Draw the entries of a page, then write it.

    Parameters
    ----------
    folder
        Folder for `index.html`, `figures/` and `tables/`; created if absent.
    sections
        The entries.
    title
        Heading of the page.
    header
        The values above the sections: `written`, a time, or empty; `notices`, of class `Notice`;
        `points`, the page of z-points, if any; `figures` and `provenance`, pairs of a name and its
        value.
    console
        Shows how many figures and tables are done.

    Returns
    -------
    Path
        Path of the page.
    """
    _make_folders(folder)
    rendered = _rendered(sections, folder, console)
    values = {"points": None, **header}
    page = template(PAGE).render(title=title, sections=rendered, **values)
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder / "index.html"


def _make_folders(folder: Path) -> None:
    for inner in (REPORT_FIGURES, REPORT_TABLES):
        (folder / inner).mkdir(parents=True, exist_ok=True)


def _rendered(sections: Sequence[Section], folder: Path, console: Console) -> list[dict[str, Any]]:
    """Draw all entries; returns the values that the template needs of each section."""
    total, done = sum(len(section.entries) for section in sections), count(1)
    values = []
    with console.bar("report", total=total, unit="figures and tables") as advance:
        for section in sections:
            entries = []
            for entry in section.entries:
                entries.append(_render(entry, folder))
                advance(next(done), "")
            values.append(
                {
                    "section": section,
                    "entries": entries,
                    "listed": section.entries
                    if len(section.entries) > 1 and not section.folded
                    else [],
                }
            )
    return values


def _render(entry: Entry, folder: Path) -> dict[str, Any]:
    """Draw an entry; returns the values that the template needs."""
    drawn = entry.draw()
    if isinstance(drawn, Table):
        name = f"{REPORT_TABLES}/{entry.id}.csv"
        (folder / name).write_text(csv_text(drawn), encoding="utf-8")
        return {"entry": entry, "table": drawn, "csv": name}
    return {"entry": entry, "picture": write_picture(drawn, folder, entry.id)}
