"""Smooth scalar functions that the layers are made of, and how kernels are compiled.

Every function is once differentiable, so that images vary smoothly with their factors.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Colour = tuple[float, float, float]
Planes = npt.NDArray[np.float32]

# Only an inlined callee lets LLVM vectorise the loop over a row of pixels that calls it; without
# their Python wrappers the kernels compile in half the time.
_INNER: dict[str, Any] = {
    "nogil": True,
    "fastmath": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
inlined = njit(forceinline=True, **_INNER)
kernel = njit(**_INNER)
entry = njit(nogil=True, fastmath=True, error_model="numpy", cache=True)


@inlined
def clamp(x: float) -> float:
    """Limit to [0, 1]."""
    return min(max(x, 0.0), 1.0)


@inlined
def ramp(low: float, high: float, x: float) -> float:
    """Cubic step from 0 to 1.

    Parameters
    ----------
    low, high
        Where it starts and ends; it falls where `low` exceeds `high`.
    x
        Position.
    """
    s = clamp((x - low) / (high - low))
    return s * s * (3.0 - 2.0 * s)


@inlined
def bump(x: float, y: float, width: float, height: float) -> float:
    """Hill of height 1 over an ellipse; zero outside.

    Parameters
    ----------
    x, y
        Position relative to the centre of the ellipse.
    width, height
        Half-axes of the ellipse, positive.
    """
    d = max(1.0 - (x / width) ** 2 - (y / height) ** 2, 0.0)
    return d * d


@inlined
def ridge(x: float, width: float) -> float:
    """Hill of height 1 and half-width `width` around 0; zero outside."""
    d = max(1.0 - (x / width) ** 2, 0.0)
    return d * d


@inlined
def wave(x: float) -> float:
    """Sine-like wave of period 1 and range [-1, 1] made of parabolas, without a call of libm."""
    s = 2.0 * (x - math.floor(x)) - 1.0
    return 4.0 * s * (abs(s) - 1.0)


@inlined
def mix(a: float, b: float, weight: float) -> float:
    """Interpolate linearly.

    Parameters
    ----------
    a, b
        Values at weight 0 and 1.
    weight
        In [0, 1].
    """
    return a + (b - a) * weight


@inlined
def mix3(a: Colour, b: Colour, weight: float) -> Colour:
    """Interpolate two colours linearly.

    Parameters
    ----------
    a, b
        Colours at weight 0 and 1.
    weight
        In [0, 1].
    """
    return (
        a[0] + (b[0] - a[0]) * weight,
        a[1] + (b[1] - a[1]) * weight,
        a[2] + (b[2] - a[2]) * weight,
    )


@inlined
def tint(a: Colour, factor: float) -> Colour:
    """Scale a colour."""
    return (a[0] * factor, a[1] * factor, a[2] * factor)
