"""Files of the page: pictures for light and dark pages, tables for a spreadsheet."""

from pathlib import Path

import numpy as np
import pytest
from markupsafe import Markup
from PIL import Image

from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.image_grids import strips
from zpoints.pipeline.report.destination import writing_to
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.page.pictures import Picture, write_picture
from zpoints.pipeline.report.page.spreadsheet import csv_text

FACTS = {"fingerprint": "f", "version": "v", "report": {}, "title": "t"}


def test_write_picture__only_what_is_between_photographs_is_transparent(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    white = np.full((3, 64, 64, 3), 255, np.uint8)

    picture = write_picture(strips({"one": white, "two": white}), tmp_path, "strips")

    (place,) = picture.photographs
    with Image.open(tmp_path / picture.name) as file:
        assert file.size == (picture.width, picture.height)
        rgba = np.asarray(file.convert("RGBA"))
    left = round(place[0] * picture.width)
    assert (rgba[:, :left, 3] == 255).all()
    assert (rgba[:64, left : left + 64] == 255).all()
    assert (rgba[:64, left + 64 : left + 66, 3] == 0).all()


def test_write_picture__a_drawing_is_that_of_the_public_function(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    figures = [style.new_figure(1.0), style.new_figure(1.0)]
    for figure in figures:
        figure.subplots().plot([0, 1])

    picture = write_picture(figures[0], tmp_path, "line")

    assert picture.clip == ""
    assert (tmp_path / "figures/line.png").read_bytes() == style.png(figures[1])[0]


def test_clip__returns_to_the_corner_between_rectangles() -> None:
    picture = Picture("p.png", 10, 10, ((0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0)))

    corners = [point.strip() for point in picture.clip[len("polygon(") : -1].split(",")]

    assert corners.count("0% 0%") == 6  # two are corners of the first rectangle
    assert len(corners) == 14


def test_csv_text__has_numbers_that_a_program_reads_and_no_formulas() -> None:
    rows = (
        ("=HYPERLINK(1)", "12,345", Markup("<strong>0.86 <small>±0.01</small></strong>"), "–"),
        (Markup("<i>real &amp; more</i>"), "−0.250", "1.000", "12.5%"),
    )

    lines = csv_text(Table(("name", "n", "merit", "@share"), rows)).splitlines()

    assert lines == [
        'name,n,merit,"merit, standard error",\'@share',
        "'=HYPERLINK(1),12345,0.86,0.01,",
        "real & more,-0.250,1.000,,12.5%",
    ]


def test_writing_to__tables_and_the_page_of_points_are_files_of_the_report(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with writing_to(site, FACTS) as folder:
        (folder / "tables").mkdir()
        for name in ("tables/a.csv", "points.html", "index.html"):
            (folder / name).write_text(name)

    with writing_to(site, FACTS) as folder:
        (folder / "index.html").write_text("without them")

    assert not (site / "points.html").exists()
    assert not (site / "tables/a.csv").exists()
    (site / "points.html").write_text("mine")
    with (
        pytest.raises(ConfigError, match=r"would overwrite .*points\.html"),
        writing_to(site, FACTS) as folder,
    ):
        (folder / "points.html").write_text("the report's")
    assert (site / "points.html").read_text() == "mine"
