"""The filter: a query decides which points are drawn and counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn

from zpoints.pipeline.explore.panes.elements import (
    FIELD,
    WIDTH,
    error_html,
    flexible,
    html,
    note_html,
)
from zpoints.pipeline.explore.panes.work import Work, spinner
from zpoints.pipeline.explore.plane import PlanePane
from zpoints.pipeline.explore.points import Points
from zpoints.pipeline.explore.selection.subset import Subset
from zpoints.pipeline.explore.state import View
from zpoints.pipeline.labels.labels import Labels


def filter_pane(view: View, plane: PlanePane) -> Any:
    """A field for a query of labels; an error stays below it, and the last points stay shown.

    Parameters
    ----------
    view
        The page's view; its `filter` is the query, its `shown` the points.
    plane
        Not used.
    """
    field = pn.widgets.TextInput(
        label="Filter",
        value=view.filter,
        placeholder=example(view),
        sizing_mode=WIDTH,
        css_classes=["filter"],
        **FIELD,
    )
    message, waiting = html(), spinner()

    def compute(asked: tuple[Points, str]) -> tuple[Points, Subset | None, Any]:
        points, query = asked
        if not query:
            return points, None, None
        found = Subset.of_query(points.space, query)
        selected = np.zeros(points.count, np.bool_)
        selected[found.rows] = True
        return points, found, selected

    def show(found: tuple[Points, Subset | None, Any]) -> None:
        points, subset, shown = found
        if points is not view.points:
            return
        message.object = ""
        if subset is not None:
            many = f"{len(subset.rows):,} of {points.count:,} points are shown."
            message.object = note_html(many)
        view.param.update(filtered=subset, shown=shown)

    def fail(problem: str) -> None:
        message.object = error_html(problem)

    work = Work(compute, show, fail, waiting)

    def apply(*events: Any) -> None:
        field.value = view.filter
        if view.filter or view.shown is not None or events:
            work.ask((view.points, view.filter.strip()))

    field.param.watch(lambda event: view.param.update(filter=event.new), "value")
    view.param.watch(apply, ["filter", "points"])
    apply()
    return pn.Column(pn.Row(field, waiting), message, sizing_mode=WIDTH, styles=flexible(240))


def example(view: View) -> str:
    """A query of labels that this store has."""
    labels = Labels(view.points.latents)
    names = sorted(map(_written, labels.names), key=lambda name: name.startswith("`"))[:2]
    if len(names) == 2:  # without backticks where there are such
        return f"e.g. {names[0]} and not {names[1]}"
    for column in labels.columns:
        if column.kind == "category":
            category = column.categories[0]
            text = view.points.latents[column.name].dtype.kind not in "iuf"
            return f"e.g. {_written(column.name)} == {repr(category) if text else category}"
    return "e.g. startswith(image, '00')"


def _written(name: str) -> str:
    """A label as a query names it."""
    return name if name.isidentifier() and name.isascii() else f"`{name.replace('`', '``')}`"
