"""Number distributions on dyadic grids have exactly the counts of numpy.histogram."""

import pickle

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zpoints.pipeline.analyze.states.dyadic_grid import (
    CELLS,
    Distribution,
    DyadicGrid,
    grid_exponent,
)


def distribution(x: np.ndarray, bins: int = 100) -> Distribution:
    grid = DyadicGrid.from_values(x, x.min(axis=0).astype(float), x.max(axis=0).astype(float))
    exact = x.astype(np.float64)
    return grid.distribution(exact.mean(axis=0), exact.std(axis=0), bins=bins)


def assert_counts_are_numpys(x: np.ndarray, shown: Distribution) -> None:
    for j, edges in enumerate(shown.edges):
        column = x[:, j].astype(np.float64)
        np.testing.assert_array_equal(shown.counts[j], np.histogram(column, edges)[0])
        assert shown.underflow[j] == np.sum(column < edges[0])
        assert shown.overflow[j] == np.sum(column > edges[-1])
        assert shown.counts[j].sum() + shown.underflow[j] + shown.overflow[j] == len(x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("law", ["normal", "standard_cauchy", "exponential"])
def test_distribution__counts_equal_numpy_histogram(law: str, dtype: str) -> None:
    rng = np.random.default_rng(1)
    x = getattr(rng, law)(size=(40_000, 6)) * np.geomspace(1e-6, 1e6, 6)

    x = x.astype(dtype)

    assert_counts_are_numpys(x, distribution(x))


@settings(max_examples=150)
@given(arrays.arrays(np.float32, (40, 2), elements=st.floats(-1e6, 1e6, width=32)))
def test_distribution__counts_equal_numpy_histogram_for_any_values(x: np.ndarray) -> None:
    assert_counts_are_numpys(x, distribution(x, bins=10))


@settings(max_examples=150)
@given(arrays.arrays(np.int8, (40, 2)))
def test_distribution__counts_equal_numpy_histogram_for_values_on_the_edges(x: np.ndarray) -> None:
    values = x.astype(np.float32)

    assert_counts_are_numpys(values, distribution(values, bins=10))


def test_distribution__intervals_follow_the_spread_of_each_component() -> None:
    spread = np.array([1e-4, 1.0, 300.0])
    x = np.random.default_rng(2).normal(5.0, 1.0, (50_000, 3)) * spread

    edges = distribution(x).edges

    widths = np.diff(edges[:, :2], axis=1)[:, 0]
    np.testing.assert_allclose(widths, spread / 10, rtol=0.15)
    np.testing.assert_allclose(edges[:, [0, -1]].mean(axis=1), 5 * spread, atol=0.1 * spread.max())
    np.testing.assert_allclose(edges[:, -1] - edges[:, 0], 10 * spread, rtol=0.15)


def test_distribution__one_far_value_goes_to_the_overflow() -> None:
    x = np.append(np.random.default_rng(3).standard_normal(999), 1e9)[:, None]
    shown = DyadicGrid.from_values(x, x.min(axis=0), x.max(axis=0)).distribution(
        np.zeros(1), np.ones(1), bins=100
    )

    assert shown.overflow[0] == 1
    assert shown.counts.sum() + shown.underflow[0] == 999


@settings(max_examples=300)
@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=2, max_size=2))
def test_grid_exponent__is_the_smallest_that_fits(ends: list[float]) -> None:
    low, high = np.array([min(ends)]), np.array([max(ends)])
    exponent = int(grid_exponent(low, high)[0])

    def cells(e: int) -> int:
        return int(high[0] // 2.0**e) - int(low[0] // 2.0**e) + 1

    assert cells(exponent) <= CELLS
    largest = np.frexp(max(abs(low[0]), abs(high[0])))[1]
    assert cells(exponent - 1) > CELLS or exponent == max(largest - 40, -1000) or not any(ends)


@settings(max_examples=300)
@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=4, max_size=4))
def test_grid_exponent__never_decreases_when_the_range_grows(values: list[float]) -> None:
    low, inner_low, inner_high, high = np.sort(values)

    inner = grid_exponent(np.array([inner_low]), np.array([inner_high]))
    outer = grid_exponent(np.array([low]), np.array([high]))

    assert inner[0] <= outer[0]


@settings(max_examples=150)
@given(
    arrays.arrays(np.float32, (30, 2), elements=st.floats(-1e6, 1e6, width=32)),
    st.integers(0, 30),
)
def test_merge__of_two_parts_one_perhaps_empty_is_the_grid_of_all(x: np.ndarray, cut: int) -> None:
    def grid_of(part: np.ndarray) -> DyadicGrid:
        low, high = part.min(axis=0, initial=np.inf), part.max(axis=0, initial=-np.inf)
        return DyadicGrid.from_values(part, low.astype(float), high.astype(float))

    merged = grid_of(x[:cut]).merge(grid_of(x[cut:]))

    whole = grid_of(x)
    np.testing.assert_array_equal(merged.counts, whole.counts)
    np.testing.assert_array_equal(merged.origin, whole.origin)


def test_merge__with_no_values_leaves_the_least_numbers_in_their_cells() -> None:
    x = np.array([[1e-300], [2e-300]])
    grid = DyadicGrid.from_values(x, x[0], x[1])

    np.testing.assert_array_equal(grid.merge(DyadicGrid.empty(1)).counts, grid.counts)


def test_grid__pickled_is_small_and_the_same() -> None:
    x = np.random.default_rng(0).normal(size=(5000, 3))
    grid = DyadicGrid.from_values(x, x.min(axis=0), x.max(axis=0))

    data = pickle.dumps(grid)

    assert len(data) < 3 * CELLS * 2 + 1000
    found = pickle.loads(data)
    assert found.counts.dtype == grid.counts.dtype
    np.testing.assert_array_equal(found.counts, grid.counts)
    np.testing.assert_array_equal(found.exponent, grid.exponent)


@pytest.mark.parametrize("rows", [65_535, 65_536, 131_071])
def test_from_values__equal_values_beyond_sixteen_bits(rows: int) -> None:
    x = np.full((rows, 2), 0.5, np.float32)

    grid = DyadicGrid.from_values(x, np.full(2, 0.5), np.full(2, 0.5))

    assert grid.counts[:, 0].tolist() == [rows, rows]
    assert grid.merge(grid).counts.sum() == 4 * rows
