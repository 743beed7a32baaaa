"""The section on quality: table, strips, frontier; absent where nothing was evaluated."""

from dataclasses import replace

import numpy as np
import pytest

from tests.pipeline.figures.public_figures import made_sweep
from tests.pipeline.report.report_run import CONFIG, TIMINGS, Run, judged, make_run
from zpoints.pipeline.figures import image_grids, style
from zpoints.pipeline.figures.swept.frontier import recommended
from zpoints.pipeline.report.data import ReportData, read_data
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.sections import quality
from zpoints.pipeline.report.sections.contents import contents
from zpoints.pipeline.report.tables import quality as tables
from zpoints.storage.schema.quality import MEASURES


@pytest.fixture(scope="module")
def run() -> Run:
    run = make_run()
    run.judged = {
        "uniform_12": judged(5.0, 0.02, precision=0.0, density=0.0, coverage=0.0),
        "ellipse": judged(0.12, 0.92, originality=0.3),
        "gaussian": judged(0.13, 0.91, recall=0.4, c2st=0.7),
        "real": judged(np.nan, 0.9),
        "reconstruction": judged(0.12, 0.9),
    }
    run.swept = made_sweep(
        {"law": ("pairwise", "uniform"), "K": (20, 50, 120), "fact": (0.3, 0.6, 0.8)}
    )
    return run


@pytest.fixture(scope="module")
def data(run: Run) -> ReportData:
    return read_data(run, CONFIG, run.decode)


def quality_table(data: ReportData) -> Table:
    return tables.quality(data.quality, quality.ordered(data))


def test_table__lists_references_first_then_generators_by_merit(data: ReportData) -> None:
    table = quality_table(data)

    assert [str(row[0]) for row in table.rows] == [
        "<i>real</i>",
        "<i>reconstruction</i>",
        "gaussian",
        "ellipse (memorises)",
        "uniform_12",
    ]
    assert table.header[:5] == ("images", "n", "merit", "face rate", "round trip")


def test_table__emphasises_what_is_as_good_as_photographs(data: ReportData) -> None:
    table = quality_table(data)
    real, _, gaussian, memorising, uniform = (
        dict(zip(table.header, row, strict=True)) for row in table.rows
    )

    assert real["round trip"] == "–"
    assert real["merit"].startswith("1.000")
    assert gaussian["face rate"] == "<strong>0.910 <small>±0.010</small></strong>"
    assert gaussian["round trip"].startswith("<strong>")
    assert gaussian["precision"].startswith("<strong>")
    assert gaussian["C2ST"] == "0.700 <small>±0.010</small>"
    assert gaussian["recall"] == "0.400 <small>±0.010</small>"
    for cells in (memorising, uniform):
        assert not any("<strong>" in cell for cell in cells.values())
    assert uniform["face rate"] == "0.020 <small>±0.010</small>"


def test_table__compares_sets_of_equal_numbers_only(run: Run) -> None:
    few = judged(0.1, 0.9)
    few.attrs["count"] = 16
    data = read_data(replace(run, judged=run.judged | {"uniform_12": few}), CONFIG, run.decode)

    table = quality_table(data)

    (row,) = (row for row in table.rows if row[0] == "uniform_12")
    cells = dict(zip(table.header, row, strict=True))
    assert cells["n"] == "16"
    assert cells["recall"] == cells["SWD"] == cells["merit"] == "–"
    assert cells["round trip"] == "0.100 <small>±0.010</small>"


def test_entries__name_what_is_measured_and_shown(data: ReportData) -> None:
    strips, table, measures, *_ = quality.entries(data)

    assert table.caption.count("re-encoded image") >= 6
    assert "1 of 3 generators have a merit of at least 0.5 and do not memorise" in table.caption
    assert strips.caption.endswith(
        " The merit falls from 0.96 for <code>gaussian</code> to 0.10 for <code>uniform_12</code>."
    )
    assert "<code>gaussian</code> is within two standard errors of its aim" in measures.caption


def test_entries__explain_how_to_read_each_measure(data: ReportData) -> None:
    strips, table, *_ = quality.entries(data)

    for measure in MEASURES:
        shown = (
            f"<b>{measure.heading}</b>: {measure.reading.format(level=3.0, **quality.IMAGES)}"
            in table.caption
        )
        assert shown == (measure.name not in ("fid", "mahalanobis"))
    assert "60 images per row" in table.caption
    assert "1,000 were wanted" in table.caption
    height = image_grids.strips({"a": data.originals, "b": data.reconstructions})
    assert height.get_figheight() * style.DPI == 2 * (64 + image_grids.GAP)
    assert strips.draw() is not None


def test_contents__have_no_section_where_nothing_was_judged(run: Run, data: ReportData) -> None:
    plain = read_data(replace(run, judged={}, swept=None), CONFIG, run.decode)

    def sections(m: ReportData) -> set[str]:
        return {section.id for section in contents(m, TIMINGS, run.history())}

    assert sections(data) - sections(plain) == {"quality"}


def test_recommended__is_the_range_of_the_source(data: ReportData) -> None:
    assert data.sweep is not None
    band = recommended(data.sweep)

    chosen = data.sweep.isel(point=np.flatnonzero(band))
    assert set(chosen["K"].values.tolist()) == {50, 120}
    assert set(chosen["fact"].values.tolist()) == {0.6, 0.8}
    other = data.sweep.assign_attrs(generator="ellipsoid")
    assert not recommended(other).any()


def test_entries__show_the_frontier_and_the_images_of_the_sweep(data: ReportData) -> None:
    frontier, faces, strips = quality.entries(data)[-3:]

    assert (frontier.id, faces.id, strips.id) == ("frontier", "sweep-faces", "sweep-strips")
    assert "<code>ellipse</code> at 18 points of a grid of <i>law</i>, <i>K</i>" in frontier.caption
    assert "the values of <i>fact</i> from 0.3 to 0.8" in frontier.caption
    assert "Its colour is <i>K</i>." in frontier.caption
    assert "Images of each point" in strips.caption


def test_entries__of_a_sweep_of_vectors_have_no_images(data: ReportData) -> None:
    vectors = replace(data, sweep=made_sweep(images=False))

    assert [entry.id for entry in quality.entries(vectors)][-1] == "frontier"


def test_frontier__the_caption_mentions_rings_only_if_there_are_some(data: ReportData) -> None:
    assert data.sweep is not None
    outside = data.sweep.assign_coords(fact=data.sweep["fact"] + 5)

    assert "Ringed" in quality.entries(data)[-3].caption
    assert "Ringed" not in quality.entries(replace(data, sweep=outside))[-3].caption


def test_entries__leave_a_sweep_without_numbers_out(data: ReportData) -> None:
    assert data.sweep is not None
    empty = data.sweep.assign(recall=data.sweep["recall"] * np.nan)
    empty = empty.assign(coverage=empty["recall"])

    ids = [entry.id for entry in quality.entries(replace(data, sweep=empty))]
    assert ids == ["quality-strips", "quality-table", "quality-measures"]
