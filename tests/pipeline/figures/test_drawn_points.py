"""A few drawn vectors on many z-points: where the points are, what is read, what is refused."""

from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from sklearn.decomposition import PCA

import zpoints.pl as pl
from tests.pipeline.report.report_run import Run, make_run
from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures.source import drawn_points as module


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run()


def marked(axes: Any) -> np.ndarray:
    """Positions of the drawn points of a panel."""
    return np.array([text.xy for text in axes.texts])


def test_drawn_points__are_at_their_principal_coordinates(run: Run) -> None:
    z = run.latents["z"].values.astype(np.float64)
    drawn = run.groups["ellipse"]["z"].values[:20]

    figure = pl.drawn_points(run, "ellipse")

    panels = figure.subfigs[0].axes
    expected = np.abs(PCA(6).fit(z).transform(drawn))
    found = np.abs(np.hstack([marked(axes) for axes in panels]))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert [text.get_text() for text in panels[2].texts] == [str(k) for k in range(1, 21)]
    assert len(figure.subfigs[1].axes[0].texts) == 20  # a title for each image


def test_drawn_points__the_frame_holds_vectors_far_from_the_region(run: Run) -> None:
    figure = pl.drawn_points(run, "uniform_12")

    for axes in figure.subfigs[0].axes:
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        x, y = marked(axes).T
        assert left < x.min() <= x.max() < right
        assert low < y.min() <= y.max() < high


def test_drawn_points__counts_the_chosen_points_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    z = da.from_array(rng.normal(size=(5000, 4)).astype(np.float32), chunks=(700, -1))
    sizes = []
    read = module.vectors
    monkeypatch.setattr(module, "_AT_ONCE", 512)
    monkeypatch.setattr(module, "vectors", lambda held: sizes.append(len(held)) or read(held))

    figure = pl.drawn_points(z, np.zeros((3, 4)), components=(0, 1), principal=False, points=3000)

    counts = figure.axes[0].collections[0].get_array()
    assert np.nansum(counts) == pytest.approx(3000, abs=100)  # some are outside the frame
    assert max(sizes) == 512


def test_drawn_points__draws_vectors_without_images(run: Run) -> None:
    bare = run.groups["gaussian"][["z"]]

    figure = pl.drawn_points(run, bare, number=4, components=(0, 1))

    assert not figure.subfigs
    assert len(figure.axes) == 1
    assert len(marked(figure.axes[0])) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"number": 0}, "Got number=0; expected 1 to 99 drawn vectors"),
        ({"components": (0, 1, 2)}, r"Got components=\(0, 1, 2\); expected 2, 4 or 6"),
        ({"level": -1}, "Got level=-1; expected standard deviations above 0"),
        ({"points": 0}, "Got points=0; expected a whole number above 0"),
        ({"generated": np.zeros((3, 5))}, "have 5 components and the z-points 8"),
        ({"generated": xr.Dataset()}, "lacks z; expected the group `samples`"),
    ],
)
def test_drawn_points__refuses_what_it_cannot_draw(
    run: Run, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(FigureError, match=message):
        pl.drawn_points(run, **{"generated": "ellipse", **wrong})
