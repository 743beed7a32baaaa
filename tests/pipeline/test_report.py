"""The report, drawn from a small run whose statistics and samples are the real ones."""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from matplotlib.path import Path as Curve
from PIL import Image

from pipeline.analyze import AnalyzeConfig, analyze, confidence_ellipse, coverage
from pipeline.analyze.peaks import dominant_components
from pipeline.report import (
    densities,
    distributions,
    faces,
    pairs,
    structure,
    style,
    tables,
    training,
)
from pipeline.report.config import ReportConfig
from pipeline.report.contents import contents
from pipeline.report.inputs import StageTiming
from pipeline.report.material import read_material, spread_rows
from pipeline.report.page import write_report
from pipeline.sample import draw
from storage.store import Version

CONFIG = ReportConfig(faces=7, reconstructions=12, leading=3, scatter_points=300, components=5)
TIMINGS = [StageTiming("ingest", 2.0, 600), StageTiming("train", 61.0, 3)]


@dataclass
class Run:
    """A store in memory, and the decoder of its made-up autoencoder."""

    images: xr.Dataset
    latents: xr.Dataset
    model: xr.Dataset
    statistics: xr.Dataset
    groups: dict[str, xr.Dataset]
    basis: np.ndarray
    version: str = "1CECHVNKREP0F1RSTCMT"
    decoded: list[int] = field(default_factory=list)

    @property
    def sample_names(self) -> tuple[str, ...]:
        return tuple(self.groups)

    def samples(self, name: str) -> xr.Dataset:
        return self.groups[name]

    def history(self) -> list[Version]:
        return [Version(self.version, datetime(2026, 5, 4, 9, 30, tzinfo=UTC), "sample", "", {})]

    def decode(self, z: np.ndarray) -> np.ndarray:
        self.decoded.append(len(z))
        return _decode(z, self.basis)


def _decode(z: np.ndarray, basis: np.ndarray) -> np.ndarray:
    return np.rint(255 / (1 + np.exp(-np.tensordot(z, basis, 1)))).astype(np.uint8)


def make_run(
    *, count: int = 600, components: int = 8, channels: int = 3, side: int = 64, epochs: int = 3,
    split: bool = True,
) -> Run:  # fmt: skip
    """Smooth images decoded from correlated, off-centre normal vectors; component 3 is constant."""
    rng = np.random.default_rng(7)
    wave = np.cos(np.pi * np.arange(4)[:, None] * (np.arange(side) + 0.5) / side)
    basis = np.einsum("nijc,iy,jx->nyxc", rng.normal(size=(components, 4, 4, channels)), wave, wave)
    mixing = rng.normal(size=(components, components)) / np.sqrt(components)
    z = (rng.normal(size=(count, components)) @ mixing + rng.normal(size=components)).astype("f4")
    z[:, 3] = 0.5
    pixels = _decode(z, basis * 0.4)
    labels = {"name": ("image", np.array([f"{i:06d}.jpg" for i in range(count)]))}
    if split:
        names = np.repeat(["train", "validation", "test"], [count - 100, 40, 60])
        labels["split"] = ("image", names)
        labels["checksum"] = ("image", np.arange(count, dtype=np.uint64))
    epoch = np.arange(1, epochs + 1)
    statistics = analyze(da.from_array(z, chunks=(256, -1)), AnalyzeConfig())
    groups = {}
    laws = {"ellipse": {"K": components - 2}, "uniform_12": {"b": 12.0}, "gaussian": {}}
    for name, parameters in laws.items():
        drawn = draw(name.split("_")[0], statistics, 120, seed=1, **parameters)
        image = ("sample", "y", "x", "channel"), _decode(drawn["z"].values, basis * 0.4)
        groups[name] = drawn.assign(image=image).chunk(sample=50)
    return Run(
        images=xr.Dataset({"image": (("image", "y", "x", "channel"), pixels)}, labels).chunk(
            image=128
        ),
        latents=xr.Dataset(
            {
                "z": (("image", "component"), z),
                "reconstruction_error": ("image", rng.uniform(0.001, 0.01, count).astype("f4")),
            },
            labels,
        ).chunk(image=128),
        model=xr.Dataset(
            {
                "loss": ("epoch", 0.05 / epoch),
                "validation_loss": ("epoch", 0.06 / epoch),
                "learning_rate": ("epoch", 1e-3 * epoch),
            },
            {"epoch": epoch},
            {"architecture": {"z_dim": components}, "training": {"seed": 11}, "device": "cpu"},
        ),
        statistics=statistics.assign_attrs(schema_version=1),
        groups=groups,
        basis=basis * 0.4,
    )


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


def write(folder: Path, run: Run, *, title: str = "A run") -> str:
    page = write_report(
        folder, run, config=CONFIG, title=title, timings=TIMINGS, reconstruct=run.decode
    )
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write(folder, run, title="Faces <1> & more")
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page((folder / "index.html").read_text(encoding="utf-8"))


def test_write_report__shows_every_figure_with_an_existing_file_of_the_stated_size(
    folder: Path, page: Page
) -> None:
    images = [attrs for tag, attrs in page.elements if tag == "img"]
    assert len(images) == 17
    for attrs in images:
        assert attrs["alt"]
        with Image.open(folder / attrs["src"]) as picture:
            assert picture.size == (int(attrs["width"]), int(attrs["height"]))
        assert (folder / attrs["src"]).stat().st_size < 400_000
    assert {f"figures/{p.name}" for p in (folder / "figures").iterdir()} == {
        attrs["src"] for attrs in images
    }


def test_write_report__contents_lead_to_sections_and_nothing_is_loaded_from_elsewhere(
    folder: Path, page: Page
) -> None:
    assert page.open == []
    links = page.all("a", "href")
    anchors = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
    assert {link[1:] for link in links if link.startswith("#")} <= anchors
    assert {"training", "distributions", "structure", "region", "faces", "run"} <= anchors
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|<script|<link|@import|url\(", text)
    assert sorted(path.name for path in folder.iterdir()) == ["figures", "index.html"]


def test_write_report__header_states_the_error_of_the_test_images_and_escapes_the_title(
    folder: Path, run: Run
) -> None:
    text = (folder / "index.html").read_text(encoding="utf-8")
    error = run.latents["reconstruction_error"].values[-60:].mean()
    assert f"<dt>reconstruction MSE, test images</dt><dd>{error:.5f}</dd>" in text
    assert "<h1>Faces &lt;1&gt; &amp; more</h1>" in text
    assert "<dt>seed</dt><dd>11</dd>" in text
    assert "train 500, validation 40, test 60" in text
    assert run.version in text


def test_write_report__captions_state_parameters_and_constraint(folder: Path) -> None:
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "<code>ellipse</code> with K = 6, fact = 0.7, law = pairwise, seed 1" in text
    assert "<i>u<sub>i</sub></i><sup>2</sup> + <i>u<sub>j</sub></i><sup>2</sup> ≤ 1" in text


def test_read_material__decodes_only_the_images_shown(run: Run) -> None:
    run.decoded.clear()
    material = read_material(run, CONFIG, run.decode)
    assert run.decoded == [CONFIG.reconstructions]
    np.testing.assert_array_equal(material.originals, run.images["image"][540:552])


@pytest.mark.parametrize(
    "options",
    [{"channels": 1, "split": False, "epochs": 1, "count": 130}, {"side": 32, "components": 5}],
    ids=["grey without split, one epoch", "small"],
)
def test_write_report__works_for_other_runs(tmp_path: Path, options: dict[str, int]) -> None:
    other = make_run(**options)
    text = write(tmp_path, other)
    assert ("reconstruction MSE, all images" in text) == (options.get("split", True) is False)


def test_contents__without_samples_leaves_generators_out(run: Run) -> None:
    material = read_material(replace(run, groups={}), CONFIG, run.decode)
    ids = {entry.id for section in contents(material, [], []) for entry in section.entries}
    assert "pairs-pca" in ids
    assert not {"generators-pca", "generators-original"} & ids


def test_contents__states_how_far_the_incremental_solver_is(run: Run) -> None:
    config = AnalyzeConfig.model_validate({"pca": {"solver": "incremental"}})
    statistics = analyze(da.from_array(run.latents["z"].values, chunks=(256, -1)), config)
    other = replace(run, statistics=statistics)
    leading = np.abs(statistics["solver_variance_error"].values[: CONFIG.components])

    def caption(run: Run) -> str:
        sections = contents(read_material(run, CONFIG, run.decode), [], [])
        (entry,) = [e for section in sections for e in section.entries if e.id == "variance"]
        return entry.caption

    assert "IncrementalPCA" not in caption(run)
    assert f"the 5 leading components: {leading.max():.1e} of the variance" in caption(other)


def test_dominant_table__states_the_numbers_of_the_store(run: Run, page: Page) -> None:
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


def test_samples_table__states_radius_and_share_inside(run: Run) -> None:
    material = read_material(run, CONFIG, run.decode)
    table = tables.samples_table(material)
    assert [row[0] for row in table.rows] == ["data", "ellipse", "uniform_12", "gaussian"]
    radii = np.linalg.norm(run.groups["gaussian"]["z"].values.astype(float), axis=1)
    assert table.rows[3][4] == f"{radii.mean():.2f} ± {radii.std():.2f}"
    assert float(table.rows[1][5].rstrip("%")) > 99


def test_timings_table__sums_up() -> None:
    assert tables.timings_table(TIMINGS).rows == (
        ("ingest", "600", "2.0 s", "300"),
        ("train", "3", "1 min 1 s", "0.049"),
        ("total", "", "1 min 3 s", ""),
    )


def test_share_inside__is_the_coverage_of_the_level_for_normal_points() -> None:
    rng = np.random.default_rng(3)
    covariance = np.array([[4.0, 1.8], [1.8, 1.0]])
    points = rng.multivariate_normal([1, -2], covariance, 200_000)
    for level in (1.0, 2.2, 3.0):
        ellipse = confidence_ellipse([1, -2], covariance, level)
        assert pairs.share_inside(points, ellipse) == pytest.approx(coverage(level), abs=0.004)


def test_pair_grid__draws_ellipses_that_enclose_the_expected_share(run: Run) -> None:
    material = read_material(run, CONFIG, run.decode)
    cloud = material.original_cloud()
    figure = pairs.pair_grid(cloud, np.empty((0, 3)), level=2.2, name="", colour=style.GENERATED)
    panels = np.array(figure.axes).reshape(3, 3)
    for x, y in combinations(range(3), 2):
        (outline,) = panels[y, x].get_lines()
        inside = Curve(outline.get_xydata()).contains_points(cloud.points[:, [x, y]])
        assert inside.mean() == pytest.approx(float(coverage(2.2)), abs=0.05)


@pytest.mark.parametrize("prefix", ["", "pc_"])
def test_pair_densities__draws_stored_ellipses_around_the_contours(run: Run, prefix: str) -> None:
    s = run.statistics
    figure = densities.pair_densities(s, prefix=prefix)
    assert len(figure.axes) == 16
    p = int(np.nanargmax(s[f"{prefix}pair_ellipticity"].values))
    axes = figure.axes[p]
    lines = [line.get_xydata() for line in axes.get_lines()]
    shown = {text.get_text() for text in axes.texts}
    assert shown == {f"{float(s[f'{prefix}pair_ellipticity'][p]):.2f}"}
    for contour, drawn in enumerate(lines[-6:-1]):
        centre = s[f"{prefix}pair_contour_centre"].values[p, contour]
        long = s[f"{prefix}pair_contour_half_axes"].values[p, contour, 0]
        np.testing.assert_allclose(drawn[:-1].mean(axis=0), centre, atol=1e-9)
        assert np.hypot(*(drawn - centre).T).max() == pytest.approx(long, rel=1e-3)
    outermost = max(lines[:-6], key=lambda line: np.ptp(line[:, 0]))
    np.testing.assert_allclose(np.ptp(outermost, axis=0), np.ptp(lines[-2], axis=0), rtol=0.25)


def test_pair_densities__of_chosen_few_or_constant_pairs(run: Run) -> None:
    constant = AnalyzeConfig(pairs={"original": [(0, 3)], "pc": [(0, 1), (0, 7)]})
    z = da.from_array(run.latents["z"].values)
    for vectors in (z, z[:1]):
        statistics = analyze(vectors, constant)
        figure = densities.pair_densities(statistics)
        assert len(figure.axes) == 2
        assert "Here" not in densities.caption(statistics)
        assert len(densities.pair_densities(statistics, prefix="pc_").axes) == 3


def test_contents__without_pairs_leaves_their_densities_out(run: Run) -> None:
    none = run.statistics.isel(pair=slice(0), pc_pair=slice(0))
    material = read_material(replace(run, statistics=none), CONFIG, run.decode)
    ids = {entry.id for section in contents(material, [], []) for entry in section.entries}
    assert not {"densities-original", "densities-pca"} & ids


def test_face_grid__keeps_every_pixel(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3)).astype(np.uint8)
    style.save(faces.face_grid(images), tmp_path / "faces.png")
    with Image.open(tmp_path / "faces.png") as picture:
        pixels = np.asarray(picture)
    np.testing.assert_array_equal(pixels[:64, 66:130], images[1])
    np.testing.assert_array_equal(pixels[66:130, 66:130], images[11])


def test_number_distributions__marks_mu_and_hw_at_the_stored_values(run: Run) -> None:
    figure = distributions.number_distributions(run.statistics, np.array([2, 3]))
    for axes, i in zip(figure.axes, (2, 3), strict=True):
        (line,) = axes.get_lines()
        assert line.get_xdata()[0] == run.statistics["mu"].values[i]
        (bar,) = [t for t in axes.texts if getattr(t, "arrow_patch", None)]
        assert abs(bar.xyann[0] - bar.xy[0]) == pytest.approx(run.statistics["hw"].values[i])


def test_radii__has_a_peak_per_limit_at_its_expected_mean(run: Run) -> None:
    figure = structure.radii(run.statistics, {}, limits=(3.0, 1.0))
    means = [line.get_xdata()[0] for line in figure.axes[0].get_lines()[::2]]
    assert means == pytest.approx([b * np.sqrt(8 / 3 - 1 / 15) for b in (3, 1)])


def test_loss_curves__shows_the_stored_values(run: Run) -> None:
    train, validation = training.loss_curves(run.model).axes[0].get_lines()
    np.testing.assert_array_equal(train.get_ydata(), run.model["loss"])
    np.testing.assert_array_equal(validation.get_ydata(), run.model["validation_loss"])


def test_save__gives_the_same_bytes_twice(tmp_path: Path, run: Run) -> None:
    for name in ("a.png", "b.png"):
        style.save(structure.explained_variance(run.statistics), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_spread_rows__are_distinct_rows_from_all_over() -> None:
    rows = spread_rows(100_000, 2000)
    assert len(rows) == len(set(rows)) == 2000
    assert rows[0] == 0
    assert rows[-1] == 99_999
    assert len(np.unique(rows // 1000)) <= 32
