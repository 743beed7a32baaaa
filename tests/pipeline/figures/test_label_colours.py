"""Colours of points by labels of any kind, with missing values."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib import colormaps
from matplotlib.colors import to_hex

import zpoints.pl as pl
from zpoints.pipeline.figures.labels.colours import COLOURS, MISSING, OTHER, colours_by

FIRST, SECOND = COLOURS[:2]


@pytest.mark.parametrize(
    ("values", "colours", "names"),
    [
        ([True, False], [FIRST, SECOND], ["yes", "no"]),
        ([True, None, False], [FIRST, MISSING, SECOND], ["yes", "no", "missing"]),
        (["b", "a", "a"], [SECOND, FIRST, FIRST], ["a", "b"]),
        (["a", None], [FIRST, MISSING], ["a", "missing"]),
        (pd.Categorical(["u", "v", "u"]), [FIRST, SECOND, FIRST], ["u", "v"]),
        (np.array([7, 3, 7]), [SECOND, FIRST, SECOND], ["3", "7"]),
        ([3.0, np.nan, 7.0], [FIRST, MISSING, SECOND], ["3", "7", "missing"]),
        (["$x$", "x_1"], [FIRST, SECOND], [r"\$x\$", "x_1"]),
    ],
    ids=["bool", "bool or None", "text", "text or None", "categorical", "digits", "NaN", "formula"],
)
def test_colours_by__gives_each_category_a_colour(
    values: Any, colours: list[str], names: list[str]
) -> None:
    found = colours_by("label", values)

    assert found.colours.tolist() == colours
    assert [name for name, _ in found.key] == names
    assert found.scale is None


def test_colours_by__gives_the_rare_ones_of_many_categories_one_colour() -> None:
    values = [f"c{i}" for i in range(30) for _ in range(30 - i)]

    found = colours_by("label", values)

    assert [name for name, _ in found.key] == [*(f"c{i}" for i in range(9)), "21 others"]
    assert set(found.colours[np.array(values) == "c20"]) == {OTHER}
    assert len({colour for _, colour in found.key}) == 10


@pytest.mark.parametrize(
    "values",
    [np.linspace(0, 1, 40), np.arange(40), pd.date_range("2020-01-01", periods=40).to_series()],
    ids=["float", "many whole numbers", "dates"],
)
def test_colours_by__gives_numbers_and_dates_a_scale(values: Any) -> None:
    series = pd.Series(np.asarray(values))
    series[7] = None

    found = colours_by("label", series)

    assert found.key == ()
    assert found.colours[[0, 7, 39]].tolist() == [
        to_hex(colormaps["viridis"](0.0)),
        MISSING,
        to_hex(colormaps["viridis"](1.0)),
    ]


def test_pairs__colours_the_points_of_a_store_by_a_label_of_the_same_rows() -> None:
    z = np.random.default_rng(0).normal(size=(5000, 3)).astype(np.float32)
    z[::7] = np.nan  # left out
    positive = ("image", z[:, 0] > 0)
    latents = xr.Dataset({"z": (("image", "component"), z)}, coords={"positive": positive})

    for color in ("positive", z[:, 0] > 0):
        points = pl.pairs(latents.chunk(image=512), (0, 1), color=color).axes[0].collections[0]

        offsets = np.asarray(points.get_offsets())
        assert 1500 < len(offsets) <= 2000
        blue = np.array([to_hex(c) for c in points.get_facecolors()]) == FIRST.lower()
        np.testing.assert_array_equal(blue, offsets[:, 0] > 0)


def test_pairs__of_a_large_store_reads_only_the_points_drawn() -> None:
    latents = xr.Dataset({"z": (("image", "component"), np.zeros((100_000, 4), np.float32))})
    read = []

    def block(array: np.ndarray) -> np.ndarray:
        read.append(len(array))
        return array

    lazy = latents.chunk(image=1000)
    lazy["z"] = lazy["z"].copy(data=lazy["z"].data.map_blocks(block, dtype=np.float32))
    read.clear()

    pl.pairs(lazy, (0, 1), points=500)

    assert sum(read) <= 32_000
