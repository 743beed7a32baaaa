"""Grids of images, drawn pixel for pixel where the figure is saved at its own resolution."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import as_bytes, described, held_out_pair, mapping, pixels

Bytes = NDArray[np.uint8]

ROW_PIXELS = 672  # ten images of 64 pixels with their gaps
GAP = 2
TITLE_PIXELS = 16  # height of a title above an image
LABEL_PIXELS = 26  # width of a label that is written upwards, or height of one on top
NAME_PIXELS = 170  # width of the name of a strip
_SMALL = 6.5  # points
_CHARACTER = 0.64  # width of a digit, in heights


def faces(
    images: Any,
    n: int | None = 16,
    *,
    columns: int | None = 8,
    titles: Sequence[Any] | str | None = None,
    ax: Axes | None = None,
) -> style.Drawn:
    """Draw images in rows.

    Parameters
    ----------
    images
        The `images` group, one of `samples`, a store, or an array (image, y, x, channel) uint8, or
        floating point from 0 to 1. Only the images shown are read.
    n
        Number of images, the first ones; None draws all.
    columns
        Images in a row; None: as many as fit the page of the report.
    titles
        A title for each image shown, or the name of a label of the dataset.
    ax
        Axes to draw in.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure; `ax` if it was given.

    Raises
    ------
    FigureError
        If there are no images in `images`, fewer titles than images, or no such label.

    Examples
    --------
    >>> figure = faces(np.zeros((20, 64, 64, 3), np.uint8), n=16, columns=4)
    >>> (figure.get_size_inches() * figure.dpi).round()
    array([264., 264.])
    """
    for name, number in (("n", n), ("columns", columns)):
        if number is not None and (not isinstance(number, int | np.integer) or number < 1):
            raise FigureError(f"Got {name}={number!r}; expected a whole number above 0, or None.")
    shown = _enlarged_colour(pixels(images, n))
    columns = min(columns or _columns(shown), len(shown))
    if titles is None:
        return _draw(_rows(shown, columns), ax)
    names = _titles(images, titles, len(shown))
    canvas = _rows(shown, columns, above=TITLE_PIXELS)
    drawn = _draw(canvas, ax)
    axes = drawn.axes[0] if ax is None else ax
    height, width = shown.shape[1] + GAP + TITLE_PIXELS, shown.shape[2] + GAP
    size, longest = _fitting(names, width * min(1.0, style.WIDTH * style.DPI / canvas.shape[1]))
    for index, name in enumerate(names):
        row, column = divmod(index, columns)
        axes.text(
            column * width + (width - GAP) / 2 - 0.5,
            row * height + TITLE_PIXELS / 2 - 0.5,
            style.plain_label(name, longest),
            ha="center", va="center", fontsize=size, color=style.INK,
        )  # fmt: skip
    return drawn


def reconstructions(originals: Any, decoded: Any = None) -> Figure:
    """Draw each original above its reconstruction.

    Parameters
    ----------
    originals, decoded
        The same images in the same order, each as in `faces`; or a store alone, whose first
        held-out images are drawn.

    Raises
    ------
    FigureError
        If these are no images, or not of the same number and size.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.reconstructions(store)  # doctest: +SKIP
    """
    if decoded is None:
        upper, lower = held_out_pair(originals)
    else:
        upper, lower = pixels(originals), pixels(decoded)
    if upper.shape[:3] != lower.shape[:3]:
        raise FigureError(
            f"Got {len(upper)} originals of {_size(upper)} pixels and {len(lower)} reconstructions "
            f"of {_size(lower)}; expected equal numbers and sizes."
        )
    upper, lower = _enlarged_colour(upper), _enlarged_colour(lower)
    columns, height = min(_columns(upper), len(upper)), upper.shape[1]
    bands = [
        _rows(images[start : start + columns], columns)
        for start in range(0, len(upper), columns)
        for images in (upper, lower)
    ]
    spacer = np.zeros((3 * GAP, bands[0].shape[1], 4), np.uint8)
    for index in range(len(bands) - 2, 0, -2):
        bands.insert(index, spacer)
    canvas = np.concatenate(bands)
    band = bands[0].shape[0]
    tops = range(0, canvas.shape[0], 2 * band + spacer.shape[0])
    centres = [top + offset + height / 2 for top in tops for offset in (0, band)]
    names = ["original", "decoded"] * len(tops)
    return _draw(canvas, left=LABEL_PIXELS, rows=(centres, names))


def strips(images: Any) -> Figure:
    """Draw the first images of each name in a row, its name on the left.

    Parameters
    ----------
    images
        For each name its images, as in `faces`, all of one size, e.g.
        ``{"photographs": store.images, "ellipse": store.samples("ellipse")}``; or a store, whose
        held-out images, their reconstructions and samples are drawn.

    Raises
    ------
    FigureError
        If these are no images, or of several sizes.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.strips({"smile": store.decode(store.add("Smiling", 0, [-1, 0, 1]))})  # doctest: +SKIP
    """
    if hasattr(images, "sample_names"):
        images = _of_store(images)
    expected = "a store, or a mapping of names to images, e.g. {'real': store.images}"
    shown = {name: pixels(of, ROW_PIXELS) for name, of in mapping(images, expected).items()}
    sizes = {_size(of) for of in shown.values()}
    if len(sizes) > 1:
        raise FigureError(f"Got images of {', '.join(sorted(sizes))} pixels; expected one size.")
    enlarged = {name: _enlarged_colour(of) for name, of in shown.items()}
    columns = _columns(next(iter(enlarged.values())))
    columns = min(columns, max(len(of) for of in enlarged.values()))
    bands = [_rows(of[:columns], columns) for of in enlarged.values()]
    height = bands[0].shape[0]
    centres = [(index + 0.5) * height for index in range(len(bands))]
    names = [style.plain_label(str(name)) for name in enlarged]
    return _draw(np.concatenate(bands), left=NAME_PIXELS, rows=(centres, names))


def _of_store(store: Any) -> dict[str, Any]:
    """The rows of the report: held-out images, their reconstructions, and those of generators."""
    samples = {name: store.samples(name) for name in store.sample_names}
    drawn = {name: of for name, of in samples.items() if "pixels" in of}
    return dict(zip(("real", "reconstruction"), held_out_pair(store), strict=True)) | drawn


def paths(
    images: Any,
    *,
    rows: Sequence[Any] | None = None,
    columns: Sequence[Any] | None = None,
    ax: Axes | None = None,
) -> style.Drawn:
    """Draw images along paths, a row each: between photographs, or along a direction.

    Parameters
    ----------
    images
        An array (path, step, y, x, channel) or, for one path, whatever `faces` takes; without
        names a long path takes several lines.
    rows, columns
        Names of the paths, written upwards, and of their steps.
    ax
        Axes to draw in.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure; `ax` if it was given.

    Raises
    ------
    FigureError
        If these are no images, or the names are not as many as the rows or the columns.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.paths(store.samples("path"))  # doctest: +SKIP
    """
    if getattr(images, "ndim", 0) == 5 and images.shape[-1] in (1, 3) and 0 not in images.shape:
        steps = as_bytes(np.asarray(images))
    else:
        steps = pixels(images)[None]
        if rows is None and columns is None:  # a long path takes several lines
            return faces(steps[0], n=None, columns=None, ax=ax)
    for what, names, number in (
        ("rows", rows, len(steps)), ("columns", columns, steps.shape[1]),
    ):  # fmt: skip
        if names is not None and len(names) != number:
            raise FigureError(f"Got {len(names)} names of {what}; expected {number}.")
    flat = _enlarged_colour(steps.reshape(-1, *steps.shape[2:]))
    canvas = _rows(flat, steps.shape[1])
    height, width = (size + GAP for size in flat.shape[1:3])

    def at(names: Sequence[Any], size: int) -> tuple[list[float], list[str]]:
        centres = [(index + 0.5) * size for index in range(len(names))]
        return centres, [style.plain_label(str(name)) for name in names]

    return _draw(
        canvas,
        ax,
        left=LABEL_PIXELS if rows is not None else 0,
        top=LABEL_PIXELS if columns is not None else 0,
        rows=at(rows or (), height),
        columns=at(columns or (), width),
    )


def thumbnail(image: Bytes) -> Bytes:
    """An image in colour, at most 128 pixels high; pixels are repeated or left out."""
    factor, step = max(1, 128 // len(image)), -(-len(image) // 128)
    enlarged = image[::step, ::step].repeat(factor, axis=0).repeat(factor, axis=1)
    return np.broadcast_to(enlarged, (*enlarged.shape[:2], 3))


def _fitting(names: Sequence[str], width: float) -> tuple[float, int]:
    """Size in points of titles that fit a width in pixels, and characters that fit it."""
    pixels = style.DPI / 72 * _CHARACTER
    size = float(np.clip(width / (pixels * max(map(len, names))), 5.0, _SMALL))
    return size, max(3, int(width / (pixels * size)))


def _titles(images: Any, titles: Sequence[Any] | str, shown: int) -> list[str]:
    """Titles as text; of a label its first values."""
    if isinstance(titles, str):
        dataset = images if isinstance(images, xr.Dataset) else getattr(images, "images", None)
        if not isinstance(dataset, xr.Dataset) or titles not in dataset.variables:
            raise FigureError(
                f"Got titles={titles!r} and {described(images)}, which has no such label; expected "
                "the name of a label of the dataset, or a title for each image."
            )
        titles = dataset[titles].values[:shown].tolist()
    if len(titles) < shown:
        raise FigureError(f"Got {len(titles)} titles for {shown} images; expected one for each.")
    return [str(title) for title in titles[:shown]]


def _size(images: Bytes) -> str:
    return f"{images.shape[2]} x {images.shape[1]}"


def _columns(images: Bytes) -> int:
    return max(1, ROW_PIXELS // (images.shape[2] + GAP))


def _enlarged_colour(images: Bytes) -> Bytes:
    """Images with three channels; pixels are repeated where the side is below 64."""
    factor = max(1, 64 // images.shape[1])
    enlarged = images.repeat(factor, axis=1).repeat(factor, axis=2)
    return np.broadcast_to(enlarged, (*enlarged.shape[:3], 3))


def _rows(images: Bytes, columns: int, *, above: int = 0) -> Bytes:
    """One transparent canvas (y, x, 4) of images side by side; the last row may be short."""
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    canvas = np.zeros((rows, above + height + GAP, columns, width + GAP, 4), np.uint8)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        canvas[row, above : above + height, column, :width, :3] = image
        canvas[row, above : above + height, column, :width, 3] = 255
    return canvas.reshape(rows * (above + height + GAP), columns * (width + GAP), 4)


def _draw(
    canvas: Bytes,
    ax: Axes | None = None,
    *,
    left: int = 0,
    top: int = 0,
    rows: tuple[Sequence[float], Sequence[str]] = ((), ()),
    columns: tuple[Sequence[float], Sequence[str]] = ((), ()),
) -> style.Drawn:
    """Draw a canvas with names at rows and columns of pixels; margins of a new figure in pixels.

    A canvas wider than the page is scaled down to it.
    """
    height, width, _ = canvas.shape
    full_width, full_height = width + left, height + top
    if ax is None:
        scale = min(1.0, style.WIDTH * style.DPI / full_width)
        size = (scale * full_width / style.DPI, scale * full_height / style.DPI)
        figure = style.new_figure(size[1], width=size[0], layout=None)
        axes = figure.add_axes((left / full_width, 0, width / full_width, height / full_height))
    else:
        axes = style.panel(ax)
    aspect: Literal["auto", "equal"] = "auto" if ax is None else "equal"
    axes.imshow(canvas, aspect=aspect, origin="upper", interpolation="auto")
    style.dress(axes)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=_SMALL, pad=4)
    axes.set_xticks(*columns)
    axes.set_yticks(*rows)
    if left != NAME_PIXELS:  # names of rows are written upwards
        axes.tick_params(axis="y", labelrotation=90)
        for name in axes.get_yticklabels():
            name.set_verticalalignment("center")
    for spine in axes.spines.values():
        spine.set_visible(False)
    return style.drawn(axes, ax)
