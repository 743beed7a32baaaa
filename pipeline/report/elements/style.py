"""Style of all figures: size, fonts, colours.

Style is set on each object, since rcParams are global: not thread-safe, and the user's to set.
"""

import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

WIDTH = 7.2  # inches: 1037 pixels, the width of the page's column
DPI = 144

INK = "#1d2733"
MUTED = "#66717e"
FAINT = "#c9d1d9"

# Okabe & Ito (2008), Color Universal Design: distinct under every common colour blindness.
DATA = "#0072B2"
GENERATED = "#D55E00"
ACCENT = "#009E73"
SERIES = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F", "#5B5EA6")

SEQUENTIAL = LinearSegmentedColormap.from_list(
    "zpoints", ["#ffffff", "#cfe3f1", "#7fb8dc", "#2a7fb8", "#0b4a7f", "#06213d"]
)
DIVERGING = "RdBu_r"

TITLE, LABEL, TICK, NOTE = 9.0, 8.5, 7.5, 7.0  # points


def new_figure(height: float, *, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """An empty figure as wide as the page's column.

    Parameters
    ----------
    height
        Height in inches.
    layout
        Matplotlib's layout engine; None if the caller places the axes.
    """
    return Figure(figsize=(WIDTH, height), dpi=DPI, layout=layout, facecolor="white")


def dress(axes: Axes, *, x: str = "", y: str = "", title: str = "", frame: bool = False) -> None:
    """Label and style axes.

    Parameters
    ----------
    axes
        The axes.
    x, y, title
        Labels of the axes, and title.
    frame
        Whether all four spines are drawn, or only the left and the lower one.
    """
    axes.set_xlabel(x, fontsize=LABEL, color=INK)
    axes.set_ylabel(y, fontsize=LABEL, color=INK)
    axes.set_title(title, fontsize=TITLE, color=INK, loc="left")
    axes.tick_params(which="both", labelsize=TICK)
    axes.tick_params(color=MUTED, labelcolor=INK, length=3, width=0.6)
    axes.tick_params(which="minor", color=MUTED, length=1.8, width=0.4)
    for side, spine in axes.spines.items():
        spine.set_linewidth(0.6)
        spine.set_color(MUTED)
        spine.set_visible(frame or side in ("left", "bottom"))


def series(index: int) -> str:
    """Colour of the generator at this position."""
    return SERIES[index % len(SERIES)]


def note(axes: Axes, x: float, y: float, text: str, *, size: float = NOTE, **options: Any) -> Text:
    """Write a small text at axes coordinates (x, y).

    Parameters
    ----------
    axes
        The axes.
    x, y
        Position, 0 to 1.
    text
        The text.
    size
        Font size in points.
    **options
        Further options of `Axes.text`.
    """
    return axes.text(
        x, y, text, transform=axes.transAxes, fontsize=size, **{"color": MUTED, **options}
    )


def legend(axes: Axes, **options: Any) -> None:
    """Add a legend without a frame."""
    axes.legend(**{"fontsize": TICK, "frameon": False, "labelcolor": INK, **options})


def save(figure: Figure, path: Path) -> tuple[int, int]:
    """Write a figure as PNG and return its width and height in pixels.

    Drawings get a palette of 256 colours, which needs a third of the bytes; figures with images
    drawn pixel for pixel keep all colours. The same figure gives the same bytes.
    """
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        # Names of attributes may have characters that the font lacks; it draws boxes for them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    if not figure.images:
        method = Image.Quantize.MAXCOVERAGE
        picture = picture.quantize(256, method, dither=Image.Dither.NONE)
    # Level 9 takes ten times as long for figures with images and saves 1 %
    # (docs/decisions/pipeline-report-figures.md).
    picture.save(path, format="PNG", compress_level=6)
    return picture.size
