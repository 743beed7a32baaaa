"""What a page of the explorer shows; its address carries all of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import param
from numpy.typing import NDArray

from zpoints.pipeline.explore.axes import RADIUS, Plane
from zpoints.pipeline.explore.points import Column, Points
from zpoints.pipeline.explore.selection.outline import CORNERS
from zpoints.storage.errors import ZpointsError

LEVELS = (0.1, 6.0)
"""Range of the level of the confidence ellipse."""
FARTHEST = 1e9
"""Largest coordinate that an address may carry."""
SEEDS = 2**53 - 1
"""Largest seed: browsers have no larger whole numbers."""


class View(param.Parameterized):
    """What one page shows. Panes read its parameters, watch them and set them.

    Parameters of `ADDRESS` are in the address of the page. `points` has the columns of all vectors,
    `points.space` is what `zpoints.open` returns. A new version of the store gives new `points`.
    """

    x = param.String("v1", doc="Key of the horizontal coordinate; see `axes.Axes`.")
    y = param.String("v2", doc="Key of the vertical coordinate.")
    color = param.String("density", doc="Key of the colour; see `Points.colours`.")
    level = param.Number(3.0, bounds=LEVELS, doc="Level of the confidence ellipse.")
    cursor = param.List(
        [], item_type=(int, float), doc="Coordinates of the decoded point; [] if none."
    )
    image = param.Integer(-1, doc="Number of the image that was clicked; -1 if none.")
    filter = param.String("", doc="Query; only vectors that it selects are drawn and counted.")
    lasso = param.List([], doc="Corners of the selection, x and y in turn; [] if none.")
    generator = param.String("", doc="Generator of the playground.")
    seed = param.Integer(0, bounds=(0, SEEDS), doc="Seed of the playground.")
    settings = param.Dict({}, doc="Further state of panes, by their names; values of JSON.")
    version = param.String("", doc="Version of the store; empty for the one that was opened.")

    points: Any = param.ClassSelector(class_=Points, doc="Columns of all vectors.")
    shown = param.Parameter(None, doc="(vector,) bool, which vectors are shown; None for all.")

    @param.depends("points", watch=True, on_init=True)
    def _keep_known_coordinates(self) -> None:
        """Replace coordinates that these vectors lack, as a version without a label does."""
        known = self.points.axes.titles
        second = "v2" if "v2" in known else RADIUS
        usual = {"x": "v1", "y": second}
        self.param.update(**{n: key for n, key in usual.items() if getattr(self, n) not in known})

    @property
    def space(self) -> Any:
        """What `zpoints.open` or `zpoints.open_arrays` returned."""
        return self.points.space

    def plane(self) -> tuple[Plane, Column, Column]:
        """The plane of both coordinates, and the columns of all vectors."""
        return self.points.plane(self.x, self.y)

    def inside(self) -> tuple[int, int]:
        """Numbers of shown vectors inside the ellipse, and of shown vectors, counted exactly."""
        radii = self.radii()
        return int(np.searchsorted(radii, self.level, side="right")), len(radii)

    def radii(self) -> NDArray[np.float64]:
        """Distances of the shown vectors from the mean, in ascending order; kept for the slider."""
        of = (self.points, self.x, self.y, self.shown)
        known = getattr(self, "_radii_of", None)
        if known is None or any(a is not b for a, b in zip(known, of, strict=True)):
            plane, x, y = self.plane()
            places = np.stack([x, y], axis=1).astype(np.float64)
            if self.shown is not None:
                places = places[self.shown]
            found = plane.radii(places[np.isfinite(places).all(axis=1)])
            self._radii, self._radii_of = np.sort(found), of
        return self._radii


ADDRESS = (
    *("x", "y", "color", "level", "cursor", "image", "filter", "lasso"),
    *("generator", "seed", "settings", "version"),
)
"""Parameters in the address of the page."""
_DRAW = {"generator": str, "parameters": dict}
_SETTINGS: dict[str, Any] = {
    "tab": str,
    "fitted": bool,
    "left": _DRAW,
    "right": _DRAW,
    "here": {"generator": str, "seed": int},
    "axes": {"steps": list, "hold": bool, "image": bool, "limits": str},
}
"""Types of the settings of panes; lists hold numbers."""


def to_address(view: View) -> dict[str, str]:
    """The parameters that differ from their defaults, as texts by name."""
    values = {name: getattr(view, name) for name in ADDRESS}
    changed = {n: v for n, v in values.items() if v != View.param[n].default}
    return {n: v if isinstance(v, str) else json.dumps(v) for n, v in changed.items()}


def from_address(view: View, given: Mapping[str, str]) -> list[str]:
    """Set the parameters that an address carries.

    Parameters
    ----------
    view
        The view whose parameters are set.
    given
        Texts by name; other names than those of `ADDRESS` are left out.

    Returns
    -------
    list of str
        A message for each value that is not valid, and therefore not set.
    """
    problems = []
    for name in (name for name in ADDRESS if name in given):
        text = isinstance(view.param[name], param.String)
        try:
            value = given[name] if text else json.loads(given[name])
            if name in ("x", "y"):
                view.points.axes[value]
            if not _is_usable(name, value):
                raise ValueError(name)
            view.param.update(**{name: value})
        except ZpointsError as error:
            problems.append(f"{name}: {error}")
        except (ValueError, TypeError, RecursionError):
            problems.append(
                f"{name}={given[name][:60]} in the address is not valid; it was left out."
            )
    return problems


def _is_usable(name: str, value: Any) -> bool:
    """Whether panes can show a value of an address, which anybody may have written."""
    if name == "cursor":
        return len(value) in (0, 2) and _are_coordinates(value)
    if name == "lasso":
        return len(value) % 2 == 0 and len(value) <= 2 * CORNERS and _are_coordinates(value)
    return name != "settings" or _is_of(value, _SETTINGS)


def _is_of(value: Any, kind: Any) -> bool:
    if isinstance(kind, dict):
        known = isinstance(value, dict) and value.keys() <= kind.keys()
        return known and all(_is_of(value[name], kind[name]) for name in value)
    if kind is list:
        return isinstance(value, list) and _are_coordinates(value)
    return type(value) is kind


def _are_coordinates(values: Any) -> bool:
    return all(
        type(value) in (int, float) and math.isfinite(value) and abs(value) <= FARTHEST
        for value in values
    )
