"""The pane of a selection: what an outline in the plane or a filter picks."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn

from zpoints.pipeline.explore.panes.downloads import Downloads
from zpoints.pipeline.explore.panes.elements import (
    FIELD,
    WIDTH,
    button,
    code_html,
    error_html,
    folded_code_html,
    gallery,
    html,
    note_html,
    pictures_html,
    table_html,
)
from zpoints.pipeline.explore.panes.image import go_to
from zpoints.pipeline.explore.panes.work import Work, spinner
from zpoints.pipeline.explore.plane import PlanePane
from zpoints.pipeline.explore.selection.gathered import Gathered, gather
from zpoints.pipeline.explore.selection.outline import corners, inside_outline, rectangle
from zpoints.pipeline.explore.selection.pictures import AVERAGED, can_decode, step_of
from zpoints.pipeline.explore.selection.subset import NAMES_FILE, Subset
from zpoints.pipeline.explore.state import View
from zpoints.pipeline.sample.registry import GENERATORS

HINT = (
    "Draw an outline around points with the lasso or the box of the plane, or enter a filter: "
    "their mean image, some of them and their labels appear here."
)
HERE = 16
"""Images that are drawn at once."""
USUAL = "multivariate_normal"
"""The generator that suits small selections."""
WITHOUT = ("conditional", "path", "grid", "uniform")
"""Generators that a selection does not change, or that have one of their own."""
STATE = "here"
"""Key of this pane in `View.settings`."""
SHOWN_SHARES = 12


def selection_pane(view: View, plane: PlanePane) -> Any:
    """Everything about the selection, with what can be done with it.

    Parameters
    ----------
    view
        The page's view; its `lasso` and `filter` decide the selection.
    plane
        Where outlines are drawn.
    """
    pane = SelectionPane(view)
    plane.lasso.add_subscriber(lambda geometry: _outlined(view, geometry))
    plane.box.add_subscriber(lambda bounds: _boxed(view, bounds))
    view.param.watch(lambda *events: view.param.update(lasso=[]), ["x", "y"])
    view.param.watch(pane.choose, ["lasso", "shown", "drawn"])
    pane.choose()
    return pane.column


class SelectionPane:
    """The widgets of the pane, and the selection that they show."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.subset: Subset | None = None
        self._names: list[str] = []
        waiting = spinner()
        self._head, self._shares, self._saved, self._message = html(), html(), html(), html()
        self._sheet = gallery("sheet", lambda number: go_to(view, self._names[number]))
        self._gather = Work(gather, self._show, self._fail, waiting)
        self._files = Downloads()
        self._details = pn.Column(
            self._head, self._sheet, self._shares, self._drawing(), self._files.column,
            self._saved, sizing_mode=WIDTH, visible=False,
        )  # fmt: skip
        self._hint = html(note_html(HINT))
        clear = button("Clear", "clear")
        clear.on_click(self._forget)
        self._clear = pn.Row(clear, visible=False)
        self.column = pn.Column(
            self._hint, self._message, waiting, self._clear, self._details, sizing_mode=WIDTH
        )

    def choose(self, *events: Any) -> None:
        """Take what the view selects now."""
        self.subset = chosen(self.view)
        self._drawn.object, self._images.pictures = "", []
        self._hint.visible = self.subset is None
        self._clear.visible = bool(self.view.lasso)
        if self.subset is None:
            self._details.visible, self._message.object = False, ""
            return
        self._gather.ask(self.subset)

    def _forget(self, event: Any) -> None:
        self.view.lasso = []

    def _show(self, gathered: Gathered) -> None:
        self._message.object = ""
        self._head.object = head_html(gathered)
        self._names = list(gathered.sheet)
        self._sheet.fill(gathered.sheet)
        self._shares.object = shares_html(gathered) + folded_code_html(gathered.code)
        if self.subset is not None:
            self._saved.object = saved_html(self.subset)
            self._files.offer(self.subset, gathered)
        self._details.visible = gathered.count > 0

    def _fail(self, text: str) -> None:
        self._message.object, self._details.visible = error_html(text), False

    def _drawing(self) -> Any:
        names = [name for name in GENERATORS if name not in WITHOUT]
        kept = dict(self.view.settings.get(STATE, {}))
        usual = kept.get("generator", USUAL)
        law = pn.widgets.Select(
            label="Generator",
            options=names,
            value=usual if usual in names else USUAL,
            width=190,
            **FIELD,
        )
        seed = pn.widgets.IntInput(
            label="Seed", value=int(kept.get("seed", 0)), start=0, width=80, **FIELD
        )
        start = button(f"Draw {HERE} here", "draw-here", leading=True)
        waiting, self._drawn, self._images = spinner(), html(), gallery("drawn-here", columns=8)

        def draw(asked: tuple[Subset, str, int]) -> tuple[Any, str]:
            subset, name, number = asked
            drawn = subset.draw(name, HERE, seed=number)
            images = subset.space.decode(drawn).values
            return images, subset.draw_code(name, HERE, seed=number)

        def show(found: tuple[Any, str]) -> None:
            images, code = found
            self._images.fill(list(images))
            self._drawn.object = folded_code_html(code)

        def fail(text: str) -> None:
            self._drawn.object, self._images.pictures = error_html(text), []

        work = Work(draw, show, fail, waiting)

        def ask(event: Any) -> None:
            state = {"generator": law.value, "seed": seed.value}
            self.view.settings = {**self.view.settings, STATE: state}
            work.ask((self.subset, law.value, seed.value))

        start.on_click(ask)
        about = note_html("New images from a generator that is fitted to the selection alone.")
        return pn.Column(
            html(about),
            pn.FlexBox(law, seed, start, waiting, align_items="end"),
            self._images,
            self._drawn,
            visible=can_decode(self.view.space),
            sizing_mode=WIDTH,
        )


def chosen(view: View) -> Subset | None:
    """The selection: inside the outline, if there is one, and of the filter; None without either.

    Parameters
    ----------
    view
        The page's view.
    """
    shown = view.shown
    if view.lasso and view.is_current:
        _, x, y = view.plane()
        inside = inside_outline(x, y, view.lasso)
        return Subset(view.space, np.flatnonzero(inside if shown is None else inside & shown))
    found: Subset | None = view.filtered
    return found


def head_html(gathered: Gathered) -> str:
    """How many, with both mean images."""
    share = gathered.count / max(gathered.total, 1)
    text = note_html(f"{gathered.count:,} of {gathered.total:,} images ({share:.1%})")
    averaged, step = "mean of the photographs", step_of(gathered.count, AVERAGED)
    if step > 1:
        averaged = f"mean of {gathered.averaged:,} photographs, one in {step:,}"
    means = [(averaged, gathered.mean_photograph), ("mean vector, decoded", gathered.decoded_mean)]
    return text + pictures_html(means)


def shares_html(gathered: Gathered) -> str:
    """The labels that differ most from those of all images."""
    if not gathered.shares:
        return note_html("These images have no labels that are counted.")
    rows = [
        (share.name, f"{share.having:,}", f"{share.selected:.1%}", f"{share.all:.1%}")
        for share in gathered.shares[:SHOWN_SHARES]
    ]
    return table_html(("label", "images", "here", "of all"), rows)


def saved_html(subset: Subset) -> str:
    """How the selection is kept: lines of a configuration, and Python. The store is not written."""
    yaml = subset.yaml()
    if yaml is None:
        return note_html(
            f"To keep these {len(subset.rows):,} images, download their names as {NAMES_FILE}; "
            "or find a query that selects them."
        ) + folded_code_html(subset.code, "Select them in Python")
    return (
        "<details class=save><summary>Save as selection</summary>"
        + note_html("Lines of a configuration; `zpoints run` then makes the group selections/mine.")
        + code_html(yaml)
        + note_html("In Python:")
        + code_html(subset.code)
        + "</details>"
    )


def _outlined(view: View, geometry: Any) -> None:
    if geometry is not None and len(geometry) > 2:
        places = np.asarray(geometry, float)
        view.lasso = corners(places[:, 0].tolist(), places[:, 1].tolist())


def _boxed(view: View, bounds: Any) -> None:
    if bounds is not None and np.isfinite(bounds).all():
        view.lasso = rectangle(*map(float, bounds))
