"""The pane of sliders along the leading principal components, inside the allowed region."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
from numpy.typing import NDArray

from zpoints.pipeline.explore.decoded import Picture
from zpoints.pipeline.explore.generation.leading_axes import FACT, LeadingAxes, axes_code
from zpoints.pipeline.explore.panes.elements import (
    FIELD,
    WIDTH,
    button,
    error_html,
    flexible,
    folded_code_html,
    html,
    note_html,
    source,
)
from zpoints.pipeline.explore.panes.work import Work
from zpoints.pipeline.explore.plane import PlanePane
from zpoints.pipeline.explore.selection.pictures import can_decode
from zpoints.pipeline.explore.state import View
from zpoints.pipeline.sample.region import mahalanobis_radius

Floats = NDArray[np.float64]

STATE = "axes"
"""Key of this pane in `View.settings`."""
DIGITS = 4
"""Decimals of the coordinates."""
BEYOND = 3.0
"""Ends of the sliders in half-axes of the region, where vectors may leave it."""
WIDTHS, LEVEL = "the generator's widths (0.7 hw)", "the ellipse of the plane"


def sliders_pane(view: View, plane: PlanePane) -> Any:
    """Ten sliders and the image at them; None where nothing decodes.

    Parameters
    ----------
    view
        The page's view.
    plane
        Not used.
    """
    return SlidersPane(view).column if can_decode(view.space) else None


class SlidersPane:
    """The sliders, in standard deviations, and the image at their vector."""

    def __init__(self, view: View) -> None:
        self.view, self._setting, self._clicks = view, False, 0
        kept = dict(view.settings.get(STATE, {}))
        limits = LEVEL if kept.get("limits") == LEVEL else WIDTHS
        self._region = pn.widgets.Select(
            label="Limits", options=[WIDTHS, LEVEL], value=limits, **FIELD
        )
        self._hold = pn.widgets.Checkbox(
            label="Stay inside", value=bool(kept.get("hold", True)), **FIELD
        )
        self._from = pn.widgets.Checkbox(
            label="Start from the chosen image",
            value=bool(kept.get("image", False)),
            **FIELD,
        )
        self.axes = self._axes_now()
        self._sliders = [self._slider(number) for number in range(len(self.axes.limits))]
        reset = button("Reset", "reset")
        chance = button("A random one inside", "chance", leading=True)
        reset.on_click(lambda event: self._set(self._origin()))
        chance.on_click(lambda event: self._draw())
        self.picture = Picture(sizing_mode=WIDTH, css_classes=["at-sliders"])
        self._caption = html()
        self._work = Work(self._image, self._show, self._fail)
        for widget in (self._region, self._hold):
            widget.param.watch(lambda event: self._limit(), "value")
        self._from.param.watch(lambda event: self._set(self._origin()), "value")
        view.param.watch(lambda *events: self._changed_start(), ["image"])
        view.param.watch(lambda *events: self._limit(), ["points", "level"])
        self._set(np.array(kept.get("steps", []), float), keep=False)
        self.column = pn.Column(
            pn.FlexBox(reset, chance, self._hold, self._from, align_items="center"),
            self._region,
            pn.FlexBox(
                pn.Column(self.picture, self._caption, styles=flexible(150), css_classes=["face"]),
                pn.Column(*self._sliders, styles=flexible(180), css_classes=["axes"]),
                gap="4px 16px",
                sizing_mode=WIDTH,
            ),
            sizing_mode=WIDTH,
        )

    def _slider(self, number: int) -> Any:
        slider = pn.widgets.FloatSlider(
            label="",
            start=-1,
            end=1,
            step=0.01,
            value=0,
            sizing_mode=WIDTH,
            **{**FIELD, "margin": (1, 12, 1, 0)},
        )
        slider.param.watch(lambda event: self._moved(number), "value")
        return slider

    def _axes_now(self) -> LeadingAxes:
        level = self.view.level if self._region.value == LEVEL else None
        return LeadingAxes.of(self.view.space.statistics, fact=FACT, level=level)

    @property
    def steps(self) -> Floats:
        """Values (axis) of the sliders, in standard deviations."""
        return np.array([slider.value for slider in self._sliders], float)

    def _moved(self, number: int) -> None:
        if self._setting:
            return
        steps = self.steps
        if self._hold.value:
            held = self.axes.held_inside(steps, number)
            if held[number] != steps[number]:
                self._set(held)
                return
        self._keep()
        self._work.ask((steps, self._start()))

    def _limit(self) -> None:
        """Take the limits of the region; what is outside is moved to its edge."""
        self.axes = self._axes_now()
        steps = self.steps
        if self._hold.value:
            for number in range(len(steps)):
                steps = self.axes.held_inside(steps, number)
        self._set(steps)

    def _set(self, steps: Floats, *, keep: bool = True) -> None:
        """Show the sliders at these values, and decode there."""
        steps = np.resize(steps, len(self._sliders)) if len(steps) else self._origin()
        steps = np.round(steps, DIGITS)  # as the address has them, so that it gives the same image
        factor = 1.0 if self._hold.value else BEYOND
        self._setting = True
        try:
            for number, slider in enumerate(self._sliders):
                limit = float(self.axes.limits[number]) * factor
                limit = max(limit, abs(float(steps[number])))
                ratio = self.axes.ratios[number]
                slider.param.update(
                    label=f"PC {number + 1} ({ratio:.1%})",
                    start=round(-limit, 3), end=round(limit, 3),
                    value=float(np.clip(steps[number], -round(limit, 3), round(limit, 3))),
                )  # fmt: skip
        finally:
            self._setting = False
        if keep:
            self._keep()
        self._work.ask((self.steps, self._start()))

    def _draw(self) -> None:
        self._clicks += 1
        self._set(self.axes.random_inside(self._clicks))

    def _keep(self) -> None:
        state: dict[str, Any] = {"steps": self.steps.round(DIGITS).tolist()}
        if not self._hold.value:
            state["hold"] = False
        if self._region.value != WIDTHS:
            state["limits"] = self._region.value
        if self._from.value:
            state["image"] = True
        self.view.settings = {**self.view.settings, STATE: state}

    def _row(self) -> int | None:
        chosen = 0 <= self.view.image < self.view.points.count
        return self.view.image if self._from.value and chosen else None

    def _start(self) -> Floats | None:
        row = self._row()
        return None if row is None else np.asarray(self.view.points.vectors([row])[0], float)

    def _origin(self) -> Floats:
        start = self._start()
        return np.zeros(len(self._sliders)) if start is None else self.axes.steps_of(start)

    def _changed_start(self) -> None:
        if self._from.value:
            self._set(self._origin())

    def _image(self, asked: tuple[Floats, Floats | None]) -> tuple[Any, float, int, Floats]:
        steps, start = asked
        z = self.axes.vector(steps, start)
        radius = float(mahalanobis_radius(z[None], self.view.points.statistics)[0])
        image = self.view.space.decode(z.astype(np.float32)).values
        return image, radius, self.axes.violations(steps), steps

    def _show(self, found: tuple[Any, float, int, Floats]) -> None:
        image, radius, violations, steps = found
        self.picture.src = source(image)
        pairs = len(steps) * (len(steps) - 1) // 2
        where = "all pairs inside" if not violations else f"{violations} of {pairs} pairs outside"
        row = self._row()
        name = None if row is None else str(self.view.points.names[row])
        code = folded_code_html(axes_code(self.view.space, steps, name))
        self._caption.object = (
            note_html(f"Mahalanobis radius {radius:.2f} (all components); {where} their ellipse")
            + code
        )

    def _fail(self, text: str) -> None:
        self._caption.object = error_html(text)
