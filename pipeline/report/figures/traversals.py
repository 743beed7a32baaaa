"""Grids of images along attribute directions, and between two photographs."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.report.figures.image_grids import labelled_rows
from zpoints.pipeline.report.traversals import SHARES, STRENGTHS, Interpolations, Traversal


def attribute_traversal(photographs: NDArray[np.uint8], traversal: Traversal) -> Figure:
    """Draw a row per photograph: the photograph, then its decoded image at each strength.

    Parameters
    ----------
    photographs
        (image, y, x, channel) uint8, those that the traversal starts from first.
    traversal
        The decoded images.
    """
    first = photographs[: len(traversal.images), None]
    return labelled_rows(
        np.concatenate([first, traversal.images], axis=1),
        rows=["with" if has else "without" for has in traversal.has],
        columns=["photo", *(_signed(strength) for strength in STRENGTHS)],
    )


def interpolations(between: Interpolations) -> Figure:
    """Draw two rows per pair of photographs, the line and the arc between them."""
    first, last = between.photographs[:, :1], between.photographs[:, 1:]
    rows = [np.concatenate([first, path, last], axis=1) for path in (between.line, between.arc)]
    images = np.stack(rows, axis=1)
    return labelled_rows(
        images.reshape(-1, *images.shape[2:]),
        rows=["line", "arc"] * len(first),
        columns=["photo", *(f"{share:.2g}" for share in SHARES), "photo"],
    )


def _signed(strength: float) -> str:
    return f"{strength:+g}".replace("-", "−") if strength else "0"
