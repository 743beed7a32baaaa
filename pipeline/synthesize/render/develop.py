"""From linear light to the bytes of a photograph: blur of the lens, saturation, gamma."""

import math

import numpy as np
import numpy.typing as npt

from zpoints.pipeline.synthesize.render.curves import Planes, inlined, kernel

LEVELS = 2047
GAMMA = np.round(255.0 * (np.arange(LEVELS + 1) / LEVELS) ** (1.0 / 2.2)).astype(np.uint8)
REACH = 4
LENS = 0.45


@inlined
def _film(x: float) -> float:
    """Tone curve with a soft shoulder that keeps highlights from clipping."""
    return x * (1.12 + 0.12 * x) / (1.0 + 0.36 * x * x) if x < 1.6 else 1.0


@kernel
def _lens_weights(blur: float) -> Planes:
    """Gaussian weights of taps 0 to 4; `blur` (pixels) adds to 0.45 pixels of the lens."""
    spread = LENS * LENS + blur * blur
    weights = np.empty(REACH + 1, np.float32)
    total = 0.0
    for tap in range(REACH + 1):
        weights[tap] = math.exp(-0.5 * tap * tap / spread)
        total += weights[tap] * (2.0 if tap > 0 else 1.0)
    for tap in range(REACH + 1):
        weights[tap] /= total
    return weights


@kernel
def _soften_rows(plane: Planes, soft: Planes, weights: Planes) -> None:
    """Blur `plane` along its rows into `soft`, with repeated edges."""
    rows, columns = plane.shape
    padded = np.empty(columns + 2 * REACH, np.float32)
    for y in range(rows):
        for x in range(columns + 2 * REACH):
            padded[x] = plane[y, min(max(x - REACH, 0), columns - 1)]
        target = soft[y]
        for x in range(columns):
            total = weights[0] * padded[x + 4]
            total += weights[1] * (padded[x + 3] + padded[x + 5])
            total += weights[2] * (padded[x + 2] + padded[x + 6])
            total += weights[3] * (padded[x + 1] + padded[x + 7])
            target[x] = total + weights[4] * (padded[x] + padded[x + 8])


@kernel
def develop(scene: Planes, blur: float, out: npt.NDArray[np.uint8]) -> None:
    """Convert the colour planes of a scene to sRGB bytes.

    Parameters
    ----------
    scene
        float32 (plane, row, column), see `planes`; the depth plane serves as work array.
    blur
        Standard deviation of the blur in pixels, from 0.
    out
        Output, uint8 (row, column, channel).
    """
    soft = scene[0]
    rows, columns = soft.shape
    weights = _lens_weights(blur)
    line = np.empty(columns, np.float32)
    for channel in range(3):
        _soften_rows(scene[1 + channel], soft, weights)
        for y in range(rows):
            middle = soft[y]
            for x in range(columns):
                line[x] = weights[0] * middle[x]
            for tap in range(1, REACH + 1):
                above, below = soft[max(y - tap, 0)], soft[min(y + tap, rows - 1)]
                for x in range(columns):
                    line[x] += weights[tap] * (above[x] + below[x])
            for x in range(columns):
                level = int(LEVELS * _film(line[x]))
                out[y, x, channel] = GAMMA[min(max(level, 0), LEVELS)]
