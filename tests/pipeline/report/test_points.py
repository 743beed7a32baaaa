"""The page of z-points: its data, its small photographs, and itself in a browser."""

import base64
import io
import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from tests.pipeline.report.report_run import CONFIG, Run, make_run
from zpoints.pipeline.analyze.shape.ellipses import confidence_ellipse
from zpoints.pipeline.report.data import ReportData, read_data
from zpoints.pipeline.report.points.columns import category_column, coordinates
from zpoints.pipeline.report.points.sprite import sprite
from zpoints.pipeline.report.points.write import PointsPage, write_points

HOSTILE = "<img src=x onerror=\"document.title='run'\"></script>"
"""Name of a label that must stay text."""


@pytest.fixture(scope="module")
def run() -> Run:
    made = make_run(count=300, components=8)
    species = np.where(np.arange(300) % 3, "cat", "").astype(object)
    species[:40] = HOSTILE
    labels = {"species": ("image", species)}
    return replace(made, latents=made.latents.assign_coords(labels))


@pytest.fixture(scope="module")
def data(run: Run) -> ReportData:
    return read_data(run, CONFIG, run.decode)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("points")
    (folder / "figures").mkdir()
    return folder


@pytest.fixture(scope="module")
def written(folder: Path, run: Run, data: ReportData) -> PointsPage:
    page = write_points(folder, run, data, title=HOSTILE)
    assert page is not None
    return page


def head_of(page: str) -> dict[str, Any]:
    """The JSON of a page."""
    text = page.split('id="data">')[1].split("<")[0]
    content = zlib.decompress(base64.b64decode(text))
    head: dict[str, Any] = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
    return head


def test_write_points__states_sizes_and_holds_no_name_outside_its_data(
    folder: Path, written: PointsPage
) -> None:
    page = (folder / "points.html").read_text()

    assert "<img" not in page
    assert page.count("</script>") == 2
    assert (written.points, written.photographs, written.side) == (300, 300, 64)
    assert written.page_bytes == (folder / "points.html").stat().st_size
    assert written.photograph_bytes == (folder / "figures/points.jpg").stat().st_size
    assert [label["name"] for label in head_of(page)["labels"]] == ["split", "species", "Smiling"]


def test_write_points__without_photographs_and_without_points(
    tmp_path: Path, run: Run, data: ReportData
) -> None:
    (tmp_path / "figures").mkdir()
    plain = CONFIG.model_copy(update={"points": 50, "thumbnails": 0})

    page = write_points(tmp_path, run, replace(data, config=plain), title="t")
    none = CONFIG.model_copy(update={"points": 0})

    assert page is not None
    assert (page.points, page.total, page.photographs) == (50, 300, 0)
    assert not list((tmp_path / "figures").iterdir())
    assert write_points(tmp_path, run, replace(data, config=none), title="t") is None


def test_coordinates__have_the_moments_of_all_vectors(run: Run, data: ReportData) -> None:
    z = run.latents["z"].values.astype(np.float64)

    columns, mean, covariance = coordinates(
        run.latents.isel(image=slice(100)), z[:100], data.statistics, data.dominance.order
    )

    names = [column.name for column in columns]
    number = int(names[8].removeprefix("component "))
    np.testing.assert_allclose(mean[8], z[:, number].mean(), rtol=1e-6)
    np.testing.assert_allclose(covariance[8, 8], z[:, number].var(ddof=1), rtol=1e-5)
    np.testing.assert_allclose(covariance[0, 1], 0, atol=1e-9)
    assert names[-2:] == ["Mahalanobis radius", "reconstruction error"]


def test_category_column__the_rarest_of_many_are_others() -> None:
    numbers = np.concatenate([np.arange(300.0), np.arange(250.0), [np.nan]])

    column = category_column("k", numbers, [str(k) for k in range(300)])

    assert len(column.facts["categories"]) == 254
    assert column.facts["categories"][-1] == "others"
    assert column.codes[0] == 0
    assert column.codes[299] == 253
    assert column.codes[-1] == 255


def test_sprite__places_photographs_row_by_row() -> None:
    pixels = np.zeros((5, 96, 48, 1), np.uint8)
    pixels[3] = 200
    images = xr.DataArray(pixels, dims=("image", "y", "x", "channel"))

    data, side, across = sprite(images, np.array([1, 3, 4]))

    found = np.asarray(Image.open(io.BytesIO(data)))
    assert (side, across, found.shape) == (64, 2, (128, 128, 3))
    assert found[32, 96].tolist() == pytest.approx([200] * 3, abs=3)
    assert found[32, 32].tolist() == pytest.approx([0] * 3, abs=3)
    assert found[32, 4].tolist() == pytest.approx([128] * 3, abs=3)  # beside a narrow photograph


def test_page__opens_from_a_file_and_shows_a_photograph_colours_and_the_share_inside(
    folder: Path, written: PointsPage, run: Run, browser: Any
) -> None:
    page = browser.new_page(viewport={"width": 420, "height": 800}, color_scheme="dark")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.goto((folder / written.name).as_uri() + "#x=component 0&y=component 1&level=1.5")
    page.wait_for_function("window.zpoints && zpoints.sprite.complete")

    expected = _inside(run, 1.5)
    assert f"{expected} of 300 points" in page.inner_text("#share")
    page.locator("#level").fill("2.5")
    assert f"{_inside(run, 2.5)} of 300 points" in page.inner_text("#share")

    left, top = page.evaluate(
        "() => zpoints.plane.place(zpoints.data.axes[+x.value].values[7],"
        " zpoints.data.axes[+y.value].values[7])"
    )
    page.locator("#canvas").hover(position={"x": left, "y": top})
    assert page.inner_text("#name") == "000007.jpg"
    assert page.locator("#photograph").is_visible()

    page.select_option("#colour", label="species")
    assert page.locator("#legend").inner_text().split("\n") == [
        *("species", HOSTILE, "40", "cat", "174", "missing", "86"),
    ]
    page.locator("#legend button", has_text="cat").click()
    assert "of 126 points" in page.inner_text("#share")

    before = page.evaluate("zpoints.plane.scale[0]")
    page.locator("#canvas").press("+")
    assert page.evaluate("zpoints.plane.scale[0]") > before
    page.select_option("#x", label="Mahalanobis radius")
    assert "x=Mahalanobis+radius" in page.url
    assert page.evaluate("document.documentElement.scrollWidth") == 420
    page.set_viewport_size({"width": 1200, "height": 700})
    assert page.evaluate("document.documentElement.scrollHeight") == 700
    assert page.locator("#values dt").first.bounding_box()["width"] > 80  # beside a long value
    assert page.title() == f"z-points of {HOSTILE}"
    assert faults == []
    page.close()


def _inside(run: Run, level: float) -> int:
    """Vectors in the ellipse of two components, of the covariance of all vectors."""
    z = run.latents["z"].values[:, :2].astype(np.float64)
    ellipse = confidence_ellipse(z.mean(axis=0), np.cov(z, rowvar=False), level)
    cos, sin = np.cos(ellipse.angle), np.sin(ellipse.angle)
    turned = (z - ellipse.centre) @ np.array([[cos, -sin], [sin, cos]])
    return int((((turned / ellipse.half_axes) ** 2).sum(axis=1) <= 1).sum())
