"""What a page of the explorer shows; its address carries all of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import param
from numpy.typing import NDArray

from zpoints.pipeline.explore.axes import RADIUS, Plane
from zpoints.pipeline.explore.colours import Colouring
from zpoints.pipeline.explore.points import Column, Points
from zpoints.pipeline.explore.selection.outline import CORNERS
from zpoints.storage.errors import ZpointsError

LEVELS = (0.1, 6.0)
"""Range of the level of the confidence ellipse."""
FARTHEST = 1e9
"""Largest coordinate that an address may carry."""
SEEDS = 2**53 - 1
"""Largest seed: browsers have no larger whole numbers."""


Drawn = tuple[Plane, Column, Column]
Asked = tuple[Points, str, str, str]
"""The points, and the keys of both coordinates and of the colour."""


@dataclass(frozen=True, eq=False)
class Computed:
    """What a view shows of all vectors.

    Attributes
    ----------
    asked
        The points, and the keys of both coordinates and of the colour.
    drawn
        The plane, and the columns of all vectors in it.
    colouring
        The colour of each vector.
    """

    asked: Asked
    drawn: Drawn
    colouring: Colouring


def computed(asked: Asked) -> Computed:
    """Read and compute what a view asks for; this takes long for new columns of many vectors.

    Raises
    ------
    ExploreError
        If there is no such coordinate.
    """
    points, x, y, color = asked
    return Computed(asked, points.plane(x, y), points.colouring(color))


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
    filtered = param.Parameter(None, doc="The `Subset` of the filter that is shown; None for all.")
    drawn = param.Parameter(None, doc="The plane and the columns that are shown; see `plane`.")
    colouring = param.Parameter(None, doc="The `Colouring` that is shown.")
    busy = param.Boolean(False, doc="Whether other columns or colours are being computed.")
    problem = param.String("", doc="Why they could not be computed.")

    aside: Any = None
    """`panes.work.Work` that computes `computed` and calls `take` or `fail`; at once if None."""
    _of: Asked | None = None
    _radii: tuple[Any, Any, NDArray[np.float64]] | None = None

    @param.depends("points", "x", "y", "color", watch=True, on_init=True)
    def _choose(self) -> None:
        """Show the chosen coordinates and colour, now or once they are computed."""
        asked = self.known_by(self.points)
        self.param.update(x=asked[1], y=asked[2])
        if self._of == asked and not self.busy:
            return
        others = self._of is None or self._of[0] is not self.points  # they replace all at once
        if self.aside is None or others or self.points.knows(*asked[1:]):
            self.take(computed(asked))
        else:
            self.param.update(busy=True, problem="")
            self.aside.ask(asked)

    def known_by(self, points: Points) -> Asked:
        """What is chosen, with the usual coordinates for those that these points lack.

        A version of a store may lack a label, and so its direction.
        """
        known = points.axes.titles
        usual = "v1", "v2" if "v2" in known else RADIUS
        x, y = (k if k in known else u for k, u in zip((self.x, self.y), usual, strict=True))
        return points, x, y, self.color

    def take(self, found: Computed) -> None:
        """Show columns and a colour, unless others have been chosen meanwhile."""
        if found.asked != (self.points, self.x, self.y, self.color):
            return
        points, before, self._of = found.asked[0], self._of, found.asked
        changes: dict[str, Any] = {"busy": False, "problem": ""}
        if before is None or before[:3] != found.asked[:3]:
            changes["drawn"] = found.drawn
        if self.colouring is not found.colouring:
            changes["colouring"] = found.colouring
        if before is not None and before[0] is not points:
            changes |= {"shown": None, "filtered": None}  # until the filter is applied to these
        self.param.update(**changes)

    def fail(self, message: str) -> None:
        """Keep what is shown, with a message."""
        self.param.update(busy=False, problem=message)

    @property
    def space(self) -> Any:
        """What `zpoints.open` or `zpoints.open_arrays` returned."""
        return self.points.space

    @property
    def is_current(self) -> bool:
        """Whether the chosen plane is the one that is shown."""
        return self._of is not None and self._of[:3] == (self.points, self.x, self.y)

    def plane(self) -> Drawn:
        """The plane that is shown, and the columns of all vectors in it."""
        found: Drawn = self.drawn
        return found

    def inside(self) -> tuple[int, int]:
        """Numbers of shown vectors inside the ellipse, and of shown vectors, counted exactly."""
        radii = self.radii()
        return int(np.searchsorted(radii, self.level, side="right")), len(radii)

    @property
    def has_radii(self) -> bool:
        """Whether `radii` need not be computed."""
        kept = self._radii
        return kept is not None and kept[0] is self.drawn and kept[1] is self.shown

    def radii(self) -> NDArray[np.float64]:
        """Distances of the shown vectors from the mean, in ascending order; kept for the slider."""
        kept, drawn, shown = self._radii, self.plane(), self.shown
        if kept is not None and kept[0] is drawn and kept[1] is shown:
            return kept[2]
        plane, x, y = drawn
        places = np.stack([x, y], axis=1).astype(np.float64)
        if shown is not None:
            places = places[shown]
        found = np.sort(plane.radii(places[np.isfinite(places).all(axis=1)]))
        self._radii = drawn, shown, found
        return found


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
