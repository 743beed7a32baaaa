"""The figures of a sweep: which points are on the frontier, and which images are where."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.figures.public_figures import made_sweep
from zpoints.pipeline.figures.swept.faces import (
    MOST_STRIPS,
    strip_points,
    sweep_faces,
    sweep_strips,
)
from zpoints.pipeline.figures.swept.frontier import PANELS, frontier
from zpoints.pipeline.figures.swept.points import frontier_points, parameters, texts, values
from zpoints.pipeline.sweep.grid import DEFAULT

NUMBERS = st.floats(0, 1) | st.just(np.nan)


def dominated(goods: list[tuple[float, float]], point: int) -> bool:
    """Whether another point is as good in both and better in one, as it is defined."""
    x, y = goods[point]
    return any((a >= x and b >= y) and (a > x or b > y) for a, b in goods)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=12))
def test_frontier_points__are_those_that_no_other_exceeds(found: list) -> None:
    recall, round_trip = np.array(found).T
    sweep = made_sweep({"fact": tuple(range(len(found)))}).assign(
        recall=("point", recall), round_trip=("point", round_trip)
    )

    front = frontier_points(sweep, "recall", "round_trip")

    goods = [(a, -b) for a, b in found]  # a small round trip is good
    known = [bool(np.isfinite(pair).all()) for pair in found]
    finite = [pair if k else (-np.inf, -np.inf) for pair, k in zip(goods, known, strict=True)]
    expected = [k and not dominated(finite, p) for p, k in enumerate(known)]
    assert front.tolist() == expected


def test_values__are_in_the_order_of_numbers_with_null_last() -> None:
    sweep = made_sweep({"K": (50, None, 20), "law": ("uniform", "normal"), "seed": (1,)})

    assert values(sweep, "K") == ["20", "50", "null"]
    assert values(sweep, "law") == ["uniform", "normal"]
    assert texts(sweep, "K")[::2] == ["50", "null", "20"]
    assert parameters(sweep) == ["K", "law"]


@pytest.mark.parametrize(
    ("grid", "rows"),
    [
        ({"level": (6, 9)}, 1),
        ({"temperature": (0.8, 1), "radius": (0.2, None)}, 1),
        (DEFAULT, 3),
        ({"law": ("normal", "uniform"), "core": (True, False), "K": (1, 2), "fact": (1, 2)}, 4),
    ],
)
def test_frontier__has_a_row_for_each_combination_of_the_first(grid: dict, rows: int) -> None:
    assert len(frontier(made_sweep(grid)).axes) == rows * len(PANELS)


def test_frontier__of_vectors_has_the_measures_of_vectors() -> None:
    panels = frontier(made_sweep(images=False)).axes

    assert {(a.get_xlabel(), a.get_ylabel()) for a in panels} == {
        ("recall", "precision"),
        ("coverage", "precision"),
    }


def test_sweep_faces__has_rows_and_columns_of_the_last_two_parameters() -> None:
    sweep = made_sweep()

    figure = sweep_faces(sweep, image=3)

    assert [axes.get_title() for axes in figure.axes] == ["law pairwise", "law uniform"]
    second = figure.axes[1]
    assert [t.get_text() for t in second.get_yticklabels()] == ["20", "50"]
    assert [t.get_text() for t in second.get_xticklabels()] == ["0.3", "0.6"]
    canvas = np.asarray(second.images[0].get_array())
    shown = canvas[[10, 10, 80, 80], [10, 80, 10, 80], 0]
    np.testing.assert_array_equal(shown, sweep["pixels"][4:, 3, 0, 0, 0])


def test_sweep_faces__of_one_parameter_has_a_row_for_each_image() -> None:
    sweep = made_sweep({"level": (12, 6)})

    (axes,) = sweep_faces(sweep).axes

    assert [t.get_text() for t in axes.get_xticklabels()] == ["6", "12"]
    canvas = np.asarray(axes.images[0].get_array())
    np.testing.assert_array_equal(canvas[::66, 10, 0], sweep["pixels"][1, :, 0, 0, 0])
    np.testing.assert_array_equal(canvas[::66, 80, 0], sweep["pixels"][0, :, 0, 0, 0])


def test_sweep_faces__a_point_that_was_left_out_is_white() -> None:
    (axes, _) = sweep_faces(made_sweep().isel(point=slice(1, None))).axes

    assert (np.asarray(axes.images[0].get_array())[:60, :60] == 255).all()


def test_sweep_strips__are_named_by_parameters_and_measures() -> None:
    figure = sweep_strips(made_sweep(), points=[5, 0])

    names = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert names[0].split("\n") == ["law uniform", "K 20", "fact 0.6", "P 0.55  R 0.67"]
    assert names[1].split("\n")[:3] == ["law pairwise", "K 20", "fact 0.3"]


def test_strip_points__of_many_points_are_those_on_the_frontier() -> None:
    sweep = made_sweep(DEFAULT)
    assert len(strip_points(sweep)) == MOST_STRIPS  # all are on the frontier
    assert {0, sweep.sizes["point"] - 1} <= set(strip_points(sweep))

    others = sweep["K"].values != 20
    worse = sweep.assign({name: sweep[name] - others for name in ("recall", "precision")})
    worse = worse.assign(round_trip=worse["round_trip"] + others)
    assert set(strip_points(worse)) == set(np.flatnonzero(~others))
