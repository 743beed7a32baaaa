"""One image from its factors: layers from back to front, then light, then blur."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from zpoints.pipeline.synthesize.factors import STAMP, Factors, to_rows
from zpoints.pipeline.synthesize.render.curves import Planes, entry, inlined
from zpoints.pipeline.synthesize.render.develop import develop
from zpoints.pipeline.synthesize.render.hair import shell_axes
from zpoints.pipeline.synthesize.render.hair_layers import (
    lay_back,
    lay_behind,
    lay_curtain,
    lay_shell,
    shell_row,
)
from zpoints.pipeline.synthesize.render.layers import (
    lay_background,
    lay_body,
    lay_ears,
    lay_face,
    lay_glasses,
    lay_hat,
)
from zpoints.pipeline.synthesize.render.light import illuminate
from zpoints.pipeline.synthesize.render.planes import PLANES, WORK_ROWS
from zpoints.pipeline.synthesize.render.pose import HEIGHT, WIDTH, View, mark, to_image, view_of
from zpoints.pipeline.synthesize.render.tones import palette

Photograph = npt.NDArray[np.uint8]
Landmarks = npt.NDArray[np.int64]


@inlined
def _head_columns(f: Factors, v: View, row: int) -> tuple[int, int]:
    """First and last column (exclusive) of head and hair in a row; 0, 0 above and below them."""
    y = (row - v.origin_y) / v.zoom
    if y < -100.0 or y > 90.0:
        return 0, 0
    middle = v.origin_x - v.sin_roll / v.cos_roll * (row - v.origin_y)
    reach = (shell_axes(f)[0] + 5.0) * v.zoom / v.cos_roll
    return max(int(middle - reach), 0), min(int(middle + reach) + 1, WIDTH)


@entry
def _draw(
    f: Factors,
    stamp: npt.NDArray[np.void],
    scene: Planes,
    half: Planes,
    out: npt.NDArray[np.uint8],
    points: npt.NDArray[np.float64],
) -> None:
    """Fill `out` (row, column, rgb) and landmark `points`; `scene` and `half` are work arrays."""
    v, hues = view_of(f), palette(f)
    mark(f, v, points)
    work = np.zeros((WORK_ROWS, WIDTH), np.float32)
    neck_x, neck_y = to_image(v, 0.0, 62.0, -6.0)
    for row in range(HEIGHT):
        first, last = _head_columns(f, v, row)
        lay_background(f, scene, row)
        if f.hair_length > 0.15 and row > v.origin_y - 12.0:
            lay_behind(f, v, hues, scene, row, work)
        shell_row(f, v, row, first, last, work)
        lay_back(hues, scene, row, first, last, work)
        if row > neck_y - 32.0:
            lay_body(f, v, hues, scene, row, neck_x, neck_y)
        lay_ears(f, v, hues, scene, row, first, last)
        lay_face(f, v, hues, scene, row, first, last, work, work[8])
        lay_shell(f, v, hues, scene, row, first, last, work)
        if f.hat > 0.0 and row < v.origin_y:
            lay_hat(f, v, scene, row, first, last)
        if f.hair_length > 0.15 and row > v.origin_y - 72.0:
            lay_curtain(f, v, hues, scene, row, work)
        if f.glasses > 0.0 and abs(row - v.origin_y) < 40.0:
            lay_glasses(f, v, scene, row, first, last)
    illuminate(f, scene, half[0], half[1])
    develop(scene, f.blur, out)


class Renderer:
    """Renders one face after another into the same work arrays; not thread-safe."""

    def __init__(self) -> None:
        self._scene = np.empty((PLANES, HEIGHT, WIDTH), np.float32)
        self._half = np.empty((2, (HEIGHT + 1) // 2, (WIDTH + 1) // 2), np.float32)

    def __call__(self, factors: npt.NDArray[np.float64]) -> tuple[Photograph, Landmarks]:
        """Photograph (218, 178, 3) and landmarks (5, 2), x y in pixels, of a row of `to_rows`."""
        image = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        points = np.empty((5, 2))
        # Uncompiled, NumPy warns of divisions by 0 beyond the corners of the mouth.
        with np.errstate(divide="ignore", invalid="ignore"):
            _draw(Factors(*factors.tolist()), STAMP, self._scene, self._half, image, points)
        return image, np.rint(points).astype(np.int64)


def render(factors: pd.DataFrame) -> Photograph:
    """Render a face for each row of factors.

    Parameters
    ----------
    factors
        Columns as from `draw_factors`; further columns are ignored.

    Returns
    -------
    numpy.ndarray
        ``(len(factors), 218, 178, 3)`` uint8, sRGB.
    """
    renderer = Renderer()
    images = [renderer(row)[0] for row in to_rows(factors)]
    return np.stack(images) if images else np.empty((0, HEIGHT, WIDTH, 3), np.uint8)
