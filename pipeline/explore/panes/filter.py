"""The filter: a query decides which points are drawn and counted."""

from __future__ import annotations

from typing import Any

import panel as pn

from zpoints.pipeline.explore.panes.elements import (
    FIELD,
    WIDTH,
    error_html,
    flexible,
    html,
    note_html,
)
from zpoints.pipeline.explore.plane import PlanePane
from zpoints.pipeline.explore.state import View
from zpoints.pipeline.labels.labels import Labels
from zpoints.storage.errors import QueryError


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
    message = html()

    def apply(*events: Any) -> None:
        field.value = view.filter
        try:
            view.shown = rows_of(view)
            message.object = ""
        except QueryError as error:
            message.object = error_html(str(error))
            return
        if view.shown is not None:
            count = int(view.shown.sum())
            message.object = note_html(f"{count:,} of {view.points.count:,} points are shown.")

    field.param.watch(lambda event: view.param.update(filter=event.new), "value")
    view.param.watch(apply, ["filter", "points"])
    apply()
    return pn.Column(field, message, sizing_mode=WIDTH, styles=flexible(240))


def rows_of(view: View) -> Any:
    """Which points the filter selects, (vector,) bool; None for an empty filter.

    Raises
    ------
    QueryError
        If it is not of the language, or names an unknown label.
    """
    query = view.filter.strip()
    return Labels(view.points.latents).select(query) if query else None


def example(view: View) -> str:
    """A query of labels that this store has."""
    labels = Labels(view.points.latents)
    names = list(map(_written, labels.names[:2]))
    if len(names) == 2:
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
