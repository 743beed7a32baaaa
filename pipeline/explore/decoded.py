"""The pane that shows the image at the cursor: decoded there, or of the nearest point."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from typing import Any, ClassVar

import numpy as np
import panel as pn
import param
from panel.custom import JSComponent

from zpoints.pipeline.explore.decoding import Latest, once_shown, png
from zpoints.pipeline.explore.state import View
from zpoints.pipeline.explore.text import text
from zpoints.storage.errors import ZpointsError

RADIUS_HELP = (
    "Radius in this plane: Mahalanobis distance from the mean in the two coordinates shown; on the "
    "ellipse it is the level."
)


class Picture(JSComponent):
    """An image that is replaced without flicker; its pixels stay visible when enlarged."""

    src = param.String("", doc="Address of the image, with its data.")

    _esm = """
    export function render({ model }) {
      const image = document.createElement("img")
      image.alt = "decoded image"
      const show = () => {
        if (model.src) image.src = model.src
        image.style.visibility = model.src ? "visible" : "hidden"
      }
      model.on("src", show)
      show()
      return image
    }
    """
    _stylesheets: ClassVar[list[str]] = [
        ":host { max-width: 420px; } img { width: 100%; aspect-ratio: 1; object-fit: contain; "
        "image-rendering: pixelated; border-radius: 6px; display: block; }"
    ]


@dataclass(frozen=True)
class Answer:
    """An image for a place of the plane.

    Attributes
    ----------
    place
        Coordinates x and y.
    source
        Address of the image with its data; empty if there is none.
    radius
        Distance from the mean in the plane, in standard deviations.
    message
        What the image is, or why there is none.
    """

    place: tuple[float, float]
    source: str
    radius: float
    message: str


def image_at(view: View, place: tuple[float, float]) -> Answer:
    """The image that a place of the plane stands for.

    Parameters
    ----------
    view
        The page's view.
    place
        Coordinates x and y.
    """
    plane, x, y = view.plane()
    radius, points = float(plane.radii(np.array([place]))[0]), view.points
    try:
        if points.decodes and plane.is_linear:
            z = plane.lift(np.array([place]), points.statistics)
            return Answer(place, _source(view.space.decode(z).values[0]), radius, "")
        row = plane.nearest((x, y), place, view.shown)
        if row < 0:
            return Answer(place, "", radius, "no point is shown")
        if points.decodes:
            pixels = view.space.decode(points.vectors([row])).values[0]
            return Answer(place, _source(pixels), radius, "reconstruction of the nearest point")
        name = str(points.names[row])
        pixels = view.space.images["pixels"].sel(image=name).values
        return Answer(place, _source(pixels), radius, f"photograph of the nearest point, {name}")
    except (ZpointsError, ValueError, KeyError) as error:
        return Answer(place, "", radius, str(error))


def _source(pixels: Any) -> str:
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode()


def decoded(view: View, plane: Any) -> Any:
    """The image at the cursor, which follows the pointer; None without a network and images.

    Parameters
    ----------
    view
        The page's view.
    plane
        The pane of the plane, `plane.PlanePane`.
    """
    if not (view.points.decodes or view.points.pictured):
        return None
    picture = Picture(sizing_mode="stretch_width", css_classes=["decoded"])
    caption = text()
    document = pn.state.curdoc

    def show(answer: Answer) -> None:
        picture.src = answer.source
        caption.object = caption_html(answer, view.level)

    def deliver(answer: Answer) -> None:
        once_shown(document, lambda: show(answer))

    latest = Latest(lambda place: image_at(view, place), deliver)

    def moved(x: Any, y: Any) -> None:
        if x is not None and y is not None and np.isfinite([x, y]).all():
            latest.ask((float(x), float(y)))

    plane.pointer.add_subscriber(moved)
    plane.tap.add_subscriber(moved)  # a finger has no pointer

    def place(*events: Any) -> None:
        moved(*(view.cursor or view.plane()[0].mean.tolist()))

    view.param.watch(place, ["cursor", "drawn"])
    place()
    return pn.Column(picture, caption, sizing_mode="stretch_width")


def caption_html(answer: Answer, level: float) -> str:
    """Where the image lies, and whether that is inside the ellipse."""
    inside = answer.radius <= level
    verdict = f'<b class="{"in" if inside else "out"}">{"inside" if inside else "outside"}</b>'
    what = f"<br>{escape(answer.message)}" if answer.message else ""
    return (
        f"{verdict} the ellipse; radius in this plane {answer.radius:.2f}{what}"
        f'<p class="help">{escape(RADIUS_HELP)}</p>'
    )
