"""The pane of one image: photograph, reconstruction, labels, neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn

from zpoints.pipeline.explore.panes.elements import (
    FIELD,
    WIDTH,
    error_html,
    folded_code_html,
    gallery,
    html,
    labels_html,
    note_html,
    pictures_html,
    table_html,
)
from zpoints.pipeline.explore.panes.work import Work, spinner
from zpoints.pipeline.explore.plane import PlanePane
from zpoints.pipeline.explore.selection.photograph import Inspected, image_named, inspect
from zpoints.pipeline.explore.state import View
from zpoints.storage.errors import ZpointsError

HINT = "Click a point of the plane to see its image, its labels and its neighbours."

RADIUS_HELP = (
    "Mahalanobis radius: distance from the mean in all {components} components, in standard "
    "deviations; about {usual:.3g} for vectors of a normal distribution. The radius in this plane "
    "counts two coordinates only."
)


def image_pane(view: View, plane: PlanePane) -> Any:
    """The image that was clicked; a click on a neighbour goes there.

    Parameters
    ----------
    view
        The page's view; its `image` is the number of the image.
    plane
        Whose clicks choose an image.
    """
    waiting, head, others, rest = spinner(), html(note_html(HINT)), html(), html()
    shown: list[Inspected] = []
    neighbours = gallery("neighbours", lambda number: go_to(view, shown[-1].neighbours[number][0]))
    by_name = pn.widgets.TextInput(
        label="Name of an image",
        placeholder=f"e.g. {view.points.names[0]}",
        sizing_mode=WIDTH,
        **FIELD,
    )
    message = html()

    def show(found: Inspected) -> None:
        shown[:] = [found]
        head.object = head_html(found)
        rest.object = labels_html(found.labels) + folded_code_html(found.code)
        message.object = ""
        named = [(name, found.thumbnails.get(name)) for name, _ in found.neighbours]
        pictured = all(image is not None for _, image in named)
        others.object = neighbours_html(found, pictured=pictured)
        neighbours.fill({n: image for n, image in named if image is not None} if pictured else {})

    def fail(text: str) -> None:
        message.object = error_html(text)

    work = Work(lambda row: inspect(view.space, _name(view, row)), show, fail, waiting)

    def choose(*events: Any) -> None:
        if 0 <= view.image < view.points.count:
            work.ask(view.image)

    def find(event: Any) -> None:
        if event.new:
            try:
                go_to(view, event.new)
                message.object = ""
            except ZpointsError as error:
                fail(str(error))

    plane.tap.add_subscriber(lambda x, y: _tapped(view, x, y))
    by_name.param.watch(find, "value")
    view.param.watch(choose, ["image", "points"])
    choose()
    return pn.Column(by_name, message, waiting, head, others, neighbours, rest, sizing_mode=WIDTH)


def head_html(found: Inspected) -> str:
    """The photograph and the reconstruction, with the name and the radius."""
    title = f"{found.name}, number {found.row:,}; Mahalanobis radius {found.radius:.2f}"
    about = RADIUS_HELP.format(components=found.components, usual=found.components**0.5)
    pictures = [("photograph", found.photograph), ("reconstruction", found.reconstruction)]
    return note_html(title) + pictures_html(pictures) + note_html(about)


def neighbours_html(found: Inspected, *, pictured: bool) -> str:
    """A heading of the neighbours; a table of them where they have no pictures."""
    if not found.neighbours:
        return ""
    distances = [distance for _, distance in found.neighbours]
    heading = note_html(
        f"The {len(distances)} nearest, at distances {min(distances):.3g} to {max(distances):.3g}; "
        f"{'click one to go there.' if pictured else 'enter a name above to go there.'}"
    )
    rows = [(name, f"{distance:.4g}") for name, distance in found.neighbours]
    return heading if pictured else heading + table_html(("image", "distance"), rows)


def _tapped(view: View, x: Any, y: Any) -> None:
    if x is not None and y is not None and np.isfinite([x, y]).all():
        drawn, across, up = view.plane()
        row = drawn.nearest((across, up), (float(x), float(y)), view.shown)
        if row >= 0:
            view.image = row


def _name(view: View, row: int) -> str:
    return str(view.points.names[row])


def go_to(view: View, name: str) -> None:
    """Choose an image by its name, or the end of its path.

    Raises
    ------
    VectorError
        If no image has the name.
    """
    view.image = image_named(view.space, name)[1]
