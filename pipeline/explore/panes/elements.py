"""What the panes are made of: thumbnails, code with a button that copies it, tables, messages."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, ClassVar

import numpy as np
import panel as pn
import param
from numpy.typing import NDArray
from panel.custom import JSComponent

from zpoints.pipeline.explore.decoding import png
from zpoints.pipeline.explore.text import WIDGET

Pixels = NDArray[np.uint8]

STYLE = """
:host { color: var(--ink, inherit); font: 14px/1.45 var(--font-family, sans-serif); }
p { margin: 4px 0; }
.note { color: var(--faint, #5f6b78); font-size: 13px; line-height: 1.4; }
.error { white-space: pre-wrap; overflow-wrap: anywhere; padding: 8px 10px; border-radius: 6px;
  border-left: 3px solid var(--out, #b3372f); background: rgba(209, 73, 91, 0.1);
  font-size: 13px; }
.pictures { display: flex; flex-wrap: wrap; gap: 10px; }
.pictures figure { margin: 0; flex: 1 1 96px; max-width: 160px; }
.pictures img { width: 100%; image-rendering: pixelated; border-radius: 5px; display: block; }
.pictures figcaption { font-size: 12px; color: var(--faint, #5f6b78); margin-top: 3px;
  line-height: 1.3; }
.scroll { max-height: 220px; overflow: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: left; padding: 3px 10px 3px 0; vertical-align: top; overflow-wrap: anywhere;
  border-bottom: 1px solid var(--line, rgba(128, 140, 152, 0.22)); }
th { font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.missing td { opacity: 0.5; }
details { margin: 6px 0; }
details summary { cursor: pointer; font-size: 13px; color: var(--accent, inherit); }
.code { position: relative; margin-top: 6px; }
.code pre { margin: 0; padding: 10px 64px 10px 12px; border-radius: 6px; overflow-x: auto;
  background: rgba(128, 140, 152, 0.14); font: 12px/1.5 ui-monospace, Menlo, Consolas, monospace;
  max-height: 190px; }
.code button { position: absolute; right: 6px; top: 6px; font: inherit; font-size: 12px;
  color: inherit; cursor: pointer; padding: 3px 9px; border-radius: 5px;
  border: 1px solid rgba(128, 140, 152, 0.5); background: rgba(128, 140, 152, 0.12); }
"""
"""Style inside each pane's own root; colours are those of the page."""

COPY = (
    "const b=this;navigator.clipboard.writeText(b.nextElementSibling.textContent)"
    ".then(()=>{b.textContent='Copied';setTimeout(()=>{b.textContent='Copy'},1500)})"
)
WIDTH = "stretch_width"
AROUND = (4, 12, 4, 0)
"""Margin of a widget, so that it begins where the text does."""
FIELD: dict[str, Any] = {"margin": AROUND, "stylesheets": [WIDGET]}
"""Margin and style of a widget with a value."""
BUTTON = """
.bk-btn, .bk-btn a { font: 13px/1.3 var(--font-family, sans-serif) !important; }
.bk-btn.bk-btn-default { border: 1px solid var(--line, #8886) !important; border-radius: 6px;
  color: var(--ink, inherit) !important; background: transparent !important; }
.bk-btn.bk-btn-default:hover { border-color: var(--accent, #0072b2) !important; }
.bk-btn[disabled] { opacity: 0.45; }
"""
"""Style of buttons."""


class Gallery(JSComponent):
    """Thumbnails, each of which can be clicked or chosen with the keyboard."""

    pictures = param.List([], doc="For each its address with data (src) and a text (title).")
    columns = param.Integer(6, doc="Pictures across.")
    wide = param.Integer(6, doc="Pictures across where there are at least 520 pixels.")
    clicked = param.List([], doc="Number of the picture that was clicked, and how many clicks.")

    _esm = """
    export function render({ model }) {
      const grid = document.createElement("div")
      grid.className = "grid"
      grid.style.setProperty("--columns", model.columns)
      grid.style.setProperty("--wide", model.wide)
      let clicks = 0
      const show = () => grid.replaceChildren(...model.pictures.map(({ src, title }, number) => {
        const button = document.createElement("button")
        button.type = "button"
        button.title = title
        const image = document.createElement("img")
        image.src = src
        image.alt = title
        button.append(image)
        button.onclick = () => { clicks += 1; model.clicked = [number, clicks] }
        return button
      }))
      model.on("pictures", show)
      show()
      return grid
    }
    """
    _stylesheets: ClassVar[list[str]] = [
        ":host { container-type: inline-size; } "
        ".grid { display: grid; gap: 4px; margin-bottom: 4px; "
        "grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); } "
        "@container (min-width: 520px) { .grid { "
        "grid-template-columns: repeat(var(--wide), minmax(0, 1fr)); } } "
        "button { padding: 0; border: 0; background: none; cursor: pointer; border-radius: 4px; } "
        "button:hover, button:focus-visible { outline: 2px solid #2c7fb8; } "
        "img { width: 100%; display: block; image-rendering: pixelated; border-radius: 4px; }"
    ]

    def fill(self, images: Mapping[str, Pixels] | Sequence[Pixels]) -> None:
        """Show images (y, x, channel) uint8, by their titles if they have any."""
        named = (
            images.items()
            if isinstance(images, Mapping)
            else ((f"number {i}", image) for i, image in enumerate(images))
        )
        self.pictures = [{"src": source(image), "title": title} for title, image in named]


def gallery(
    css_class: str,
    on_click: Callable[[int], None] | None = None,
    columns: int = 6,
    wide: int | None = None,
) -> Gallery:
    """An empty gallery.

    Parameters
    ----------
    css_class
        By which a style or a test finds it.
    on_click
        Called with the number of a picture that is clicked.
    columns, wide
        Pictures across, and where there is more room; as many if omitted.
    """
    found = Gallery(
        columns=columns, wide=wide or columns, sizing_mode=WIDTH, css_classes=["gallery", css_class]
    )
    if on_click is not None:
        found.param.watch(lambda event: on_click(int(event.new[0])), "clicked")
    return found


def button(name: str, css_class: str, *, leading: bool = False) -> Any:
    """A button.

    Parameters
    ----------
    name
        What it does.
    css_class
        By which a style or a test finds it.
    leading
        Whether it is the one that most people want.
    """
    return pn.widgets.Button(
        label=name,
        color="primary" if leading else "default",
        css_classes=[css_class],
        stylesheets=[BUTTON],
        margin=AROUND,
    )


def flexible(width: int) -> dict[str, str]:
    """Style of an element that takes a share of a row, or all of it where that is narrow.

    Parameters
    ----------
    width
        Pixels below which it takes a row of its own.
    """
    return {"flex": f"1 1 {width}px", "width": "auto", "min-width": f"min({width}px, 100%)"}


def html(content: str = "", **options: Any) -> Any:
    """HTML in the style of the panes; whatever is data in it has to be escaped."""
    return pn.pane.HTML(content, sizing_mode=WIDTH, stylesheets=[STYLE], margin=0, **options)


def source(pixels: Pixels) -> str:
    """The address of an image (y, x, channel) uint8 that holds its data."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode()


def pictures_html(pictures: Iterable[tuple[str, Pixels | None]]) -> str:
    """Images with a text below each; those that are missing are left out."""
    figures = "".join(
        f'<figure><img src="{source(pixels)}" alt="{escape(title)}">'
        f"<figcaption>{escape(title)}</figcaption></figure>"
        for title, pixels in pictures
        if pixels is not None
    )
    return f'<div class="pictures">{figures}</div>'


def code_html(code: str) -> str:
    """Code with a button that copies it."""
    return (
        f'<div class="code"><button type="button" onclick="{escape(COPY)}">Copy</button>'
        f"<pre>{escape(code)}</pre></div>"
    )


def folded_code_html(code: str, title: str = "The same in Python") -> str:
    """Code that a click unfolds."""
    return f"<details><summary>{escape(title)}</summary>{code_html(code)}</details>"


def table_html(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts; all columns but the first hold numbers."""
    kinds = ["", *(' class="number"' for _ in head[1:])]
    heading = "".join(f"<th{k}>{escape(text)}</th>" for k, text in zip(kinds, head, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{k}>{escape(text)}</td>" for k, text in zip(kinds, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{heading}</tr>{body}</table></div>'


def labels_html(labels: Mapping[str, str]) -> str:
    """Labels with their values."""
    rows = "".join(
        f"<tr{'' if value else ' class=missing'}><td>{escape(name)}</td>"
        f"<td>{escape(value) or 'missing'}</td></tr>"
        for name, value in labels.items()
    )
    return f'<div class="scroll"><table>{rows}</table></div>' if rows else ""


def note_html(text: str) -> str:
    """A remark."""
    return f'<p class="note">{escape(text)}</p>'


def error_html(text: str) -> str:
    """A message about what went wrong; empty for none."""
    return f'<p class="error" role="alert">{escape(text)}</p>' if text else ""


def download(label: str, name: str, make: Callable[[], bytes]) -> Any:
    """A button that downloads a file, which is made when it is clicked.

    Parameters
    ----------
    label
        What the button is called.
    name
        Name of the file.
    make
        Makes its bytes.
    """

    async def written() -> io.BytesIO:
        return io.BytesIO(await asyncio.to_thread(make))

    return pn.widgets.FileDownload(
        label=label,
        filename=name,
        callback=written,
        embed=False,
        height=30,
        margin=(3, 6, 3, 0),
        stylesheets=[BUTTON],
        css_classes=["download"],
    )
