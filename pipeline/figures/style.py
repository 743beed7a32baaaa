"""Style of all figures: size, fonts, colours.

Style is set on each object, since rcParams are global: not thread-safe, and the user's to set.
"""

import io
import warnings
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from zpoints.pipeline.errors import FigureError

WIDTH = 7.2  # inches: 1037 pixels, the width of the page's column
PANEL = 4.2, 2.9  # inches: width and height of a single panel
DPI = 144

INK = "#1d2733"
MUTED = "#66717e"
FAINT = "#c9d1d9"
LIGHT = "#e6e9ec"  # ink on the dark background of a caller's figure

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
LONGEST = 24
"""Characters of a name on an axis."""
UNIT = "[latent units]"

Drawn: TypeAlias = Figure | Any
"""What a figure function returns: a new figure, or the axes that it was given.

`Any` spares typed callers the test for axes that they did not pass.
"""


class ReportFigure(Figure):
    """A figure that is not pyplot's, with the picture that the report would show.

    A notebook shows it as the value of a cell; pyplot, which shows all its figures at the end of
    a cell, does not know it.
    """

    def _repr_png_(self) -> bytes:
        return png(self)[0]


def new_figure(
    height: float, *, width: float = WIDTH, layout: Literal["constrained"] | None = "constrained"
) -> Figure:
    """An empty figure, as wide as the page's column by default.

    Parameters
    ----------
    height, width
        Size in inches.
    layout
        Matplotlib's layout engine; None if the caller places the axes.
    """
    return ReportFigure(figsize=(width, height), dpi=DPI, layout=layout, facecolor="white")


def panel(ax: Axes | None, *, width: float = PANEL[0], height: float = PANEL[1]) -> Axes:
    """The axes to draw in: those of the caller, or the only ones of a new figure.

    Parameters
    ----------
    ax
        Axes of the caller, or None.
    width, height
        Size of a new figure, in inches.

    Raises
    ------
    FigureError
        If `ax` is something else.
    """
    if ax is None:
        return new_figure(height, width=width).subplots()
    if not isinstance(ax, Axes):
        raise FigureError(
            f"ax is a {type(ax).__name__}; expected Matplotlib axes, one panel of "
            "`figure, panels = plt.subplots(1, 2)`, e.g. ax=panels[0]."
        )
    return ax


def drawn(axes: Axes, ax: Axes | None) -> Drawn:
    """The axes if a caller gave them, else their figure.

    The figure of a caller's axes may be pyplot's, which shows it at the end of the cell; returned
    as the value of the cell it would be there twice.
    """
    if ax is None:
        return axes.figure
    if ink(axes) == LIGHT:
        _lighten(axes)
    return axes


def ink(axes: Axes) -> str:
    """Colour of text outside the axes: dark, or light where a caller's figure is dark."""
    *colour, alpha = to_rgba(axes.figure.get_facecolor())
    return LIGHT if alpha > 0.5 and float(np.mean(colour)) < 0.5 else INK


def _lighten(axes: Axes) -> None:
    """Make what is around a panel legible on a dark figure; the panel itself is white."""
    axes.set_title(axes.get_title(loc="left"), loc="left", color=LIGHT)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(LIGHT)
    axes.tick_params(which="both", color=LIGHT, labelcolor=LIGHT)
    if (legend := axes.get_legend()) is not None:
        legend.set_frame_on(True)
        legend.get_frame().set(facecolor="white", edgecolor="white", alpha=1)


def dress(axes: Axes, *, x: str = "", y: str = "", title: str = "", frame: bool = False) -> None:
    """Label and style axes, whatever style the user has chosen for pyplot.

    Parameters
    ----------
    axes
        The axes.
    x, y, title
        Labels of the axes, and title.
    frame
        Whether all four spines are drawn, or only the left and the lower one.
    """
    axes.set_facecolor("white")
    axes.grid(False)
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


def colour_bar(picture: Any, axes: Any, label: str, **options: Any) -> Any:
    """Add a colour bar; returns it.

    Parameters
    ----------
    picture
        What the colours belong to.
    axes
        The axes that give room to the bar, one or several.
    label
        Label of its axis.
    **options
        Further options of `Figure.colorbar`.
    """
    figure = np.ravel(axes)[0].figure
    room = {} if "cax" in options else {"ax": axes, "pad": 0.02, "fraction": 0.04}
    bar = figure.colorbar(picture, **{**room, **options})
    shade = ink(bar.ax)
    bar.ax.tick_params(labelsize=TICK, color=MUTED, labelcolor=shade, length=2)
    bar.outline.set_linewidth(0.6)
    bar.outline.set_edgecolor(MUTED)
    bar.set_label(label, fontsize=LABEL, color=shade)
    return bar


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
    options = {"fontsize": TICK, "frameon": False, "labelcolor": INK, **options}
    axes.legend(**options).get_title().set_color(INK)


def readable(name: str) -> str:
    """The name of an attribute with spaces.

    Examples
    --------
    >>> readable("5_o_Clock_Shadow")
    '5 o Clock Shadow'
    """
    return name.replace("_", " ")


def tick_label(name: str, longest: int = LONGEST) -> str:
    """A name for an axis: with spaces, shortened, and never set as a formula.

    Examples
    --------
    >>> tick_label("$x_1$")
    '\\\\$x 1\\\\$'
    """
    return plain_label(readable(name), longest)


def plain_label(name: str, longest: int = LONGEST) -> str:
    """A name or a text as it is, but shortened, and never set as a formula.

    Examples
    --------
    >>> plain_label("x_1"), plain_label("a long name", 6)
    ('x_1', 'a lon…')
    """
    short = f"{name[: longest - 1]}…" if len(name) > longest else name
    return short.replace("$", r"\$")


def has_photographs(figure: Figure) -> bool:
    """Whether a figure shows images in colour, not only what a colour map paints."""
    return any(
        np.asarray(image.get_array()).ndim == 3 for axes in figure.axes for image in axes.images
    )


def rgba(figure: Figure) -> NDArray[np.uint8]:
    """Pixels of a figure, (y, x, 4) uint8."""
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        # Names of attributes may have characters that the font lacks; it draws boxes for them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def png(figure: Figure) -> tuple[bytes, tuple[int, int]]:
    """A figure as PNG, and its width and height in pixels.

    Drawings get a palette of 256 colours, which needs a third of the bytes; figures with
    photographs keep all colours. The same figure gives the same bytes.
    """
    picture = Image.fromarray(rgba(figure)).convert("RGB")
    if not has_photographs(figure):
        method = Image.Quantize.MAXCOVERAGE
        picture = picture.quantize(256, method, dither=Image.Dither.NONE)
    # Level 9 takes ten times as long for figures with images and saves 1 %
    # (docs/decisions/pipeline-report-figures.md).
    written = io.BytesIO()
    picture.save(written, format="PNG", compress_level=6)
    return written.getvalue(), picture.size


def save(figure: Figure, path: Path) -> tuple[int, int]:
    """Write a figure as PNG and return its width and height in pixels."""
    data, size = png(figure)
    path.write_bytes(data)
    return size
