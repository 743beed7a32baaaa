"""Number distributions over fixed intervals: counts as NumPy's, marks, and what is refused."""

from typing import Any

import dask.array as da
import numpy as np
import pytest
from scipy.stats import uniform

import zpoints.pl as pl
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.analyze.shape.fixed_intervals import fixed_intervals, uniform_share
from zpoints.pipeline.errors import FigureError


def vectors() -> np.ndarray:
    """Components that are narrow, wide, beyond the intervals, constant, on their edges."""
    rng = np.random.default_rng(5)
    scales = np.array([0.02, 0.3, 1.0, 5.0, 20.0])
    z = rng.normal(size=(4000, 5)) * scales + np.array([0.1, 0.0, -2.0, 1.0, 0.0])
    edges = rng.integers(-8, 8, size=(4000, 1)) / 4  # values on edges belong to the interval above
    return np.hstack([z, np.full((4000, 1), 0.5), edges]).astype(np.float32)


def test_fixed_intervals__counts_as_numpy_does() -> None:
    z = vectors()

    found = fixed_intervals(analyze(da.from_array(z, chunks=(1000, -1))))

    for component, values in enumerate(z.T):
        expected, edges = np.histogram(values, bins=96, range=(-12, 12))
        np.testing.assert_allclose(found.edges, edges)
        np.testing.assert_array_equal(found.counts[component], expected)
    assert found.error.max() == 0
    outside = np.mean(np.abs(z) > 12, axis=0)
    np.testing.assert_allclose(found.outside, outside, atol=1e-12)


@pytest.mark.parametrize("intervals", [100, 7, 5000])
def test_fixed_intervals__is_wrong_by_at_most_its_error(intervals: int) -> None:
    z = vectors()

    found = fixed_intervals(analyze(da.from_array(z)), intervals=intervals)

    assert found.error.max() > 0
    for component, values in enumerate(z.T):
        expected = np.histogram(values, found.edges)[0]
        expected[-1] -= np.count_nonzero(values == found.edges[-1])
        assert np.all(np.abs(found.counts[component] - expected) <= found.error[component] + 1e-9)


def test_fixed_intervals__marks_components_narrower_than_an_interval() -> None:
    found = fixed_intervals(analyze(da.from_array(vectors())))

    assert found.narrow.tolist() == [True, False, False, False, False, True, False]
    assert found.measured_hw[0] >= found.width  # a spike is as wide as an interval
    assert found.measured_hw[2] == pytest.approx(2.355, rel=0.15)


@pytest.mark.parametrize("b", [0.1, 1.5, 12.0, 20.0])
def test_uniform_share__is_the_probability_of_each_interval(b: float) -> None:
    edges = np.linspace(-12, 12, 97)

    expected = np.diff(uniform(-b, 2 * b).cdf(edges))

    np.testing.assert_allclose(uniform_share(edges, b), expected, atol=1e-15)


def test_intervals__draws_uniform_vectors_at_their_share() -> None:
    axes = pl.intervals(vectors()).axes[0]

    heights = [float(np.max(step.get_data().values)) for step in axes.patches]

    assert heights == pytest.approx([100 / 96, 100 / 12])
    labels = [text.get_text() for text in axes.get_legend().texts]
    assert labels[:2] == ["5 components", "2 unresolved"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"limit": 0}, "Got limit=0; expected a number above 0"),
        ({"number": 1}, "Got number=1; expected 2 to 4096 intervals"),
        ({"number": 9.5}, "Got number=9.5; expected 2 to 4096"),
        ({"uniform": (1.5, -1)}, r"Got uniform=\(1.5, -1\); expected at most 4 numbers above 0"),
    ],
)
def test_intervals__refuses_other_intervals(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(FigureError, match=message):
        pl.intervals(vectors(), **wrong)
