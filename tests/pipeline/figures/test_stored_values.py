"""The figures of the report draw what is stored."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from matplotlib.path import Path as Curve
from PIL import Image

import zpoints.pl as pl
from tests.pipeline.figures.public_figures import labelled_run
from tests.pipeline.report.report_run import CONFIG, Run, make_run
from zpoints.pipeline.analyze import AnalyzeConfig, analyze, confidence_ellipse, coverage
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.clouds import share_inside
from zpoints.pipeline.report.data import read_data
from zpoints.pipeline.report.sections.contents import contents
from zpoints.pipeline.report.sections.radii_covariance_pairs import densities_caption
from zpoints.pipeline.row_sample import representative_rows


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run()


def test_share_inside__is_the_coverage_of_the_level_for_normal_points() -> None:
    rng = np.random.default_rng(3)
    covariance = np.array([[4.0, 1.8], [1.8, 1.0]])
    points = rng.multivariate_normal([1, -2], covariance, 200_000)
    for level in (1.0, 2.2, 3.0):
        ellipse = confidence_ellipse([1, -2], covariance, level)
        assert share_inside(points, ellipse) == pytest.approx(coverage(level), abs=0.004)


def test_pairs__draws_ellipses_that_enclose_the_expected_share(run: Run) -> None:
    data = read_data(run, CONFIG, run.decode)
    order = data.dominance.order[:3]
    figure = pl.pairs(data.z, order, statistics=run.statistics, level=2.2)
    panels = np.array(figure.axes).reshape(3, 3)
    for x, y in combinations(range(3), 2):
        (outline,) = panels[y, x].get_lines()
        inside = Curve(outline.get_xydata()).contains_points(data.z[:, order[[x, y]]])
        assert inside.mean() == pytest.approx(float(coverage(2.2)), abs=0.05)


@pytest.mark.parametrize("prefix", ["", "pc_"])
def test_densities__draws_stored_ellipses_around_the_contours(run: Run, prefix: str) -> None:
    s = run.statistics
    figure = pl.densities(s, principal=bool(prefix))
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


def test_densities__of_chosen_few_or_constant_pairs(run: Run) -> None:
    constant = AnalyzeConfig(pairs={"original": [(0, 3)], "pc": [(0, 1), (0, 7)]})
    z = da.from_array(run.latents["z"].values)
    for vectors in (z, z[:1]):
        statistics = analyze(vectors, constant)
        figure = pl.densities(statistics)
        assert len(figure.axes) == 2
        assert "Here" not in densities_caption(statistics)
        assert len(pl.densities(statistics, principal=True).axes) == 3


def test_contents__without_pairs_leaves_their_densities_out(run: Run) -> None:
    none = run.statistics.isel(pair=slice(0), pc_pair=slice(0))
    data = read_data(replace(run, statistics=none), CONFIG, run.decode)
    ids = {entry.id for section in contents(data, [], []) for entry in section.entries}
    assert not {"densities-original", "densities-pca"} & ids


def test_faces__keeps_every_pixel(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3)).astype(np.uint8)
    style.save(pl.faces(images, n=None, columns=None), tmp_path / "faces.png")
    with Image.open(tmp_path / "faces.png") as picture:
        pixels = np.asarray(picture)
    np.testing.assert_array_equal(pixels[:64, 66:130], images[1])
    np.testing.assert_array_equal(pixels[66:130, 66:130], images[11])


def test_histogram__marks_mu_and_hw_at_the_stored_values(run: Run) -> None:
    figure = pl.histogram(run.statistics, [2, 3])
    for axes, i in zip(figure.axes, (2, 3), strict=True):
        (line,) = axes.get_lines()
        assert line.get_xdata()[0] == run.statistics["mu"].values[i]
        (bar,) = [t for t in axes.texts if getattr(t, "arrow_patch", None)]
        assert abs(bar.xyann[0] - bar.xy[0]) == pytest.approx(run.statistics["hw"].values[i])


def test_radii__has_a_peak_per_limit_at_its_expected_mean(run: Run) -> None:
    figure = pl.radii(run.statistics, limits=(3.0, 1.0))
    means = [line.get_xdata()[0] for line in figure.axes[0].get_lines()[::2]]
    assert means == pytest.approx([b * np.sqrt(8 / 3 - 1 / 15) for b in (3, 1)])


def test_loss__shows_the_stored_values(run: Run) -> None:
    train, validation = pl.loss(run.model).axes[0].get_lines()
    np.testing.assert_array_equal(train.get_ydata(), run.model["loss"])
    np.testing.assert_array_equal(validation.get_ydata(), run.model["validation_loss"])


def test_save__gives_the_same_bytes_twice(tmp_path: Path, run: Run) -> None:
    for name in ("a.png", "b.png"):
        style.save(pl.variance(run.statistics), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_representative_rows__are_distinct_rows_from_all_over() -> None:
    rows = representative_rows(100_000, 2000)
    assert len(rows) == len(set(rows)) == 2000
    assert rows[0] == 0
    assert rows[-1] == 99_999
    assert len(np.unique(rows // 1000)) <= 32


def test_categories__draws_the_means_of_pandas() -> None:
    run = labelled_run()
    z = pd.DataFrame(run.latents["z"].values.astype(float))
    means = z.groupby(run.latents["species"].values).mean()

    figure = pl.categories(run.statistics, "species")

    bars, colours = figure.axes[:2]
    assert [text.get_text() for text in bars.get_yticklabels()] == ["cat", "dog", "owl"]
    counts = pd.Series(run.latents["species"].values).value_counts().sort_index()
    assert [bar.get_width() for bar in bars.patches] == counts.tolist()
    drawn = colours.images[0].get_array()
    np.testing.assert_allclose(drawn, (means - z.mean()) / z.std(), atol=1e-7)


def test_numbers__draws_the_correlations_of_numpy() -> None:
    run = labelled_run()
    z, age = run.latents["z"].values, run.latents["age"].values

    figure = pl.numbers(run.statistics)

    bars, colours = figure.axes[:2]
    names = [text.get_text() for text in bars.get_yticklabels()]
    assert names[0] == f"age: {age.mean():.4g} ± {age.std(ddof=1):.2g}"
    born = run.latents["born"].values.astype("M8[s]")
    assert names[1].startswith(f"born: {pd.Series(born).mean().round('D'):%Y-%m-%d} ± ")
    expected = [np.corrcoef(age, column)[0, 1] for column in z.T]
    np.testing.assert_allclose(colours.images[0].get_array()[0], expected, atol=1e-6)
