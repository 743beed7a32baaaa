"""The page: sections, captions and tables of a small run."""

import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from PIL import Image

from tests.conftest import SilentConsole
from tests.pipeline.report.report_run import CONFIG, TIMINGS, Run, make_run
from zpoints.pipeline.analyze import AnalyzeConfig, analyze
from zpoints.pipeline.analyze.shape.peaks import dominant_components
from zpoints.pipeline.evaluate.held_out import mixed
from zpoints.pipeline.progress import Advance
from zpoints.pipeline.report.data import read_data
from zpoints.pipeline.report.page.render import write_report
from zpoints.pipeline.report.sections.contents import contents
from zpoints.pipeline.report.tables import run as run_tables
from zpoints.pipeline.report.tables.samples import generators
from zpoints.pipeline.report.traversals import SHARES, STRENGTHS


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run()


class Page(HTMLParser):
    """Collects what the page refers to, and checks that its elements are closed in order."""

    VOID = frozenset({"meta", "img", "link", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.cells[-1][-1] += data

    def all(self, tag: str, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for name, attrs in self.elements if name == tag]


class CountingConsole(SilentConsole):
    """Keeps what a bar is called with."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[int] = []
        self.total = 0

    def bar(self, label: str, *, total: int, unit: str) -> AbstractContextManager[Advance]:
        self.total = total
        return nullcontext(lambda done, note: self.done.append(done))


def write(
    folder: Path, run: Run, *, title: str = "A run", console: CountingConsole | None = None
) -> str:
    page = write_report(
        folder,
        run,
        config=CONFIG,
        title=title,
        timings=TIMINGS,
        reconstruct=run.decode,
        console=console or SilentConsole(),
    )
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def console() -> CountingConsole:
    return CountingConsole()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run: Run, console: CountingConsole) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write(folder, run, title="Faces <1> & more", console=console)
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page((folder / "index.html").read_text(encoding="utf-8"))


def test_write_report__shows_every_figure_with_an_existing_file_of_the_stated_size(
    folder: Path, page: Page
) -> None:
    every = [attrs for tag, attrs in page.elements if tag == "img"]
    images = [attrs for attrs in every if attrs.get("class") != "photographs"]
    assert len(images) == 25
    assert {attrs["loading"] for attrs in every} == {"lazy"}
    assert {attrs["src"] for attrs in every} == {attrs["src"] for attrs in images}
    for attrs in images:
        assert attrs["alt"]
        with Image.open(folder / attrs["src"]) as picture:
            assert picture.size == (int(attrs["width"]), int(attrs["height"]))
        assert (folder / attrs["src"]).stat().st_size < 400_000
    assert {f"figures/{p.name}" for p in (folder / "figures").iterdir()} == {
        *(attrs["src"] for attrs in images),
        "figures/points.jpg",
    }


def test_write_report__contents_lead_to_sections_and_nothing_is_loaded_from_elsewhere(
    folder: Path, page: Page
) -> None:
    assert page.open == []
    links = page.all("a", "href")
    anchors = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
    assert {link[1:] for link in links if link.startswith("#")} <= anchors
    assert {
        "claims",
        "answer",
        "traversals",
        "training",
        "distributions",
        "structure",
        "region",
        "generated",
        "run",
    } <= anchors
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|<script|<link|@import|url\(", text)
    assert sorted(path.name for path in folder.iterdir()) == [
        *("figures", "index.html", "points.html", "tables"),
    ]
    assert {link for link in links if link.endswith(".csv")} == {
        f"tables/{path.name}" for path in (folder / "tables").iterdir()
    }


def test_page__fits_a_telephone_shows_verdicts_first_and_keeps_photographs_on_a_dark_page(
    folder: Path, browser: Any
) -> None:
    page = browser.new_page(viewport={"width": 420, "height": 800}, color_scheme="dark")
    page.goto((folder / "index.html").as_uri())

    assert page.evaluate("document.documentElement.scrollWidth") == 420
    assert not page.locator(".folded > ol").is_visible()
    row = page.locator("#claims-table tbody tr").first
    tops = row.locator("td").evaluate_all("them => them.map(it => it.getBoundingClientRect().top)")
    assert tops[3] == min(tops)
    assert row.locator("td").nth(3).inner_text() == "not decided"
    assert row.evaluate("it => it.scrollWidth <= it.clientWidth")
    strip = page.locator("#answer .picture")
    assert "invert" in strip.locator("img").first.evaluate("it => getComputedStyle(it).filter")
    above = strip.locator(".photographs")
    assert above.evaluate("it => getComputedStyle(it).filter") == "none"
    assert above.is_visible()

    page.emulate_media(color_scheme="light")
    assert not above.is_visible()
    page.set_viewport_size({"width": 1400, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == 1400
    assert page.locator(".beside").is_visible()
    page.close()


def test_write_report__header_states_the_error_of_the_test_images_and_escapes_the_title(
    folder: Path, run: Run, page: Page
) -> None:
    text = (folder / "index.html").read_text(encoding="utf-8")
    error = run.latents["reconstruction_error"].values[-60:].mean()
    assert f"<dt>reconstruction MSE, test images</dt><dd>{error:.5f}</dd>" in text
    assert "<h1>Faces &lt;1&gt; &amp; more</h1>" in text
    assert ["seed", "11"] in page.cells
    assert "train 500, validation 40, test 60" in text
    assert run.version in text


def test_write_report__captions_state_parameters_and_constraint(folder: Path) -> None:
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "<code>ellipse</code> with K = 6, fact = 0.7, widths = hw, law = pairwise" in text
    assert "<i>u<sub>i</sub></i><sup>2</sup> + <i>u<sub>j</sub></i><sup>2</sup> ≤ 1" in text


def test_read_data__decodes_only_the_images_shown(run: Run) -> None:
    run.decoded.clear()
    data = read_data(run, CONFIG, run.decode)
    assert run.decoded == [4 * len(STRENGTHS) + 2 * 3 * len(SHARES), CONFIG.reconstructions]
    np.testing.assert_array_equal(
        data.originals, run.images["pixels"][mixed(np.arange(540, 600))[:12]]
    )


@pytest.mark.parametrize(
    "options",
    [{"channels": 1, "split": False, "epochs": 1, "count": 130}, {"side": 32, "components": 5}],
    ids=["grey without split, one epoch", "small"],
)
@pytest.mark.slow
def test_write_report__works_for_other_runs(tmp_path: Path, options: dict[str, int]) -> None:
    other = make_run(**options)
    text = write(tmp_path, other)
    assert ("reconstruction MSE, all images" in text) == (options.get("split", True) is False)


def test_contents__without_samples_leaves_generators_out(run: Run) -> None:
    data = read_data(replace(run, groups={}), CONFIG, run.decode)
    ids = {entry.id for section in contents(data, [], []) for entry in section.entries}
    assert "pairs-pca" in ids
    assert not {"generators-pca", "generators-original"} & ids


def test_contents__states_how_far_the_incremental_solver_is(run: Run) -> None:
    config = AnalyzeConfig.model_validate({"pca": {"solver": "incremental"}})
    statistics = analyze(da.from_array(run.latents["z"].values, chunks=(256, -1)), config)
    other = replace(run, statistics=statistics)
    leading = np.abs(statistics["solver_variance_error"].values[: CONFIG.components])

    def caption(run: Run) -> str:
        sections = contents(read_data(run, CONFIG, run.decode), [], [])
        (entry,) = [e for section in sections for e in section.entries if e.id == "variance"]
        return entry.caption

    assert "IncrementalPCA" not in caption(run)
    assert f"the 5 leading components: {leading.max():.1e} of the variance" in caption(other)


def test_dominant_components__states_the_numbers_of_the_store(run: Run, page: Page) -> None:
    s = run.statistics
    rows = [cells for cells in page.cells if len(cells) == 7][1:]
    order = [int(row[0]) for row in rows]
    assert set(order) == set(dominant_components(s["mu"].values, s["hw"].values))
    dominance = np.maximum(np.abs(s["mu"].values) / 0.25, s["hw"].values / 1.5)
    assert (np.diff(dominance[order]) <= 0).all()
    for row in rows:
        i = int(row[0])
        shown = [float(cell.replace("−", "-")) for cell in row[1:]]
        names = ("mu", "hw", "mean", "variance", "minimum", "maximum")
        stored = [float(s[name][i]) for name in names]
        stored[3] **= 0.5
        np.testing.assert_allclose(shown, stored, atol=5.01e-4)


def test_generators__states_radius_and_share_inside(run: Run) -> None:
    data = read_data(run, CONFIG, run.decode)
    table = generators(data)
    assert [row[0] for row in table.rows] == ["data", "ellipse", "uniform_12", "gaussian"]
    radii = np.linalg.norm(run.groups["gaussian"]["z"].values.astype(float), axis=1)
    assert table.rows[3][4] == f"{radii.mean():.2f} ± {radii.std():.2f}"
    assert float(table.rows[1][5].rstrip("%")) > 99


def test_timings__sums_up() -> None:
    assert run_tables.timings(TIMINGS).rows == (
        ("ingest", "600", "2.0 s", "300"),
        ("train", "3", "1 min 1 s", "0.049"),
        ("total", "", "1 min 3 s", ""),
    )


def test_write_report__reports_how_many_figures_are_done(
    folder: Path, console: CountingConsole
) -> None:
    assert console.done == list(range(1, console.total + 1))
    assert 0 < len(list((folder / "figures").glob("*.png"))) <= console.total
