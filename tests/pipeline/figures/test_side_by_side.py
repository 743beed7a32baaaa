"""Panels side by side: common limits, also of losses over several decades."""

import warnings

import numpy as np
import xarray as xr

from zpoints import pl
from zpoints.pipeline.figures.side_by_side import side_by_side


def losses(first: float) -> xr.Dataset:
    falling = first * np.exp(-np.arange(6.0))
    curves = dict.fromkeys(("loss", "validation_loss", "learning_rate"), ("epoch", falling))
    return xr.Dataset(curves, coords={"epoch": np.arange(1, 7)})


def test_side_by_side__losses_that_fall_steeply_share_a_logarithmic_axis() -> None:
    panels = {
        name: lambda axes, first=first: pl.loss(losses(first), ax=axes)
        for name, first in (("A", 0.05), ("B", 0.6))
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        left, right = side_by_side(panels, height=2.7).axes

    assert left.get_yscale() == right.get_yscale() == "log"
    assert left.get_ylim() == right.get_ylim()


def test_side_by_side__a_logarithmic_axis_beside_a_linear_one_keeps_its_limits() -> None:
    panels = {
        "falling": lambda axes: axes.semilogy([1, 2], [0.1, 100]),
        "flat": lambda axes: axes.plot([1, 2], [-1, 1]),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        left, right = side_by_side(panels, height=2.7).axes

    assert left.get_ylim()[0] > 0 > right.get_ylim()[0]
    assert left.get_xlim() == right.get_xlim()
