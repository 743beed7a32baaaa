"""Eyes, brows and mouth, painted on the face in coordinates of the head."""

import math

from zpoints.pipeline.synthesize.factors import Factors
from zpoints.pipeline.synthesize.render.curves import (
    Colour,
    bump,
    clamp,
    inlined,
    mix,
    mix3,
    ramp,
    ridge,
    tint,
)
from zpoints.pipeline.synthesize.render.pose import EYE_X, MOUTH_Y, mouth_corner
from zpoints.pipeline.synthesize.render.tones import Palette

SOFT = 0.75
EYE_HALF_WIDTH = 10.2


@inlined
def _lid_lines(f: Factors, e: float) -> tuple[float, float]:
    """Heights of the upper and lower lid at `e`, from -1 (inner corner) to 1 (outer corner)."""
    room = max(0.0, 1.0 - e * e)
    slant = -1.3 * f.eye_tilt * e + 0.4 * (1.0 - e) * 0.5
    upper = -5.9 * f.eye_size * f.eye_open * room * (1.0 - 0.16 * e) + slant
    lower = 2.9 * f.eye_size * (0.6 + 0.4 * f.eye_open) * (1.0 - 0.35 * f.smile) * room + slant
    return upper, lower


@inlined
def _eye_ball(f: Factors, hues: Palette, x: float, y: float, upper: float, side: float) -> Colour:
    """Colour of the eyeball at (x, y) from the middle of the eye; `side` is the sign of X."""
    white = tint((0.66, 0.61, 0.57), 1.0 - 0.05 * abs(x) - 0.55 * ramp(upper + 3.6, upper, y))
    gx, gy = x - 2.6 * f.gaze_x * side, y + 0.9 - 1.6 * f.gaze_y
    d = math.sqrt(gx * gx + gy * gy) / (4.7 * f.eye_size)
    iris = tint(
        hues.iris, (0.75 + 0.5 * ramp(-1.0, 1.0, gy / 4.0)) * (1.0 - 0.75 * ramp(0.7, 1.0, d))
    )
    iris = mix3(iris, (0.006, 0.005, 0.005), ramp(0.5, 0.34, d))
    iris = tint(iris, 1.0 - 0.5 * ramp(upper + 3.2, upper, y))
    colour = mix3(white, iris, ramp(1.08, 0.90, d))
    lx = side * f.light_azimuth / 45.0
    spark = bump(gx - 1.3 * lx, gy + 1.6, 1.6, 1.6)
    return mix3(colour, (0.95, 0.95, 0.95), 0.9 * spark)


@inlined
def paint_eye(
    f: Factors, hues: Palette, x: float, y: float, side: float, colour: Colour
) -> tuple[Colour, float]:
    """Blend eye, lashes and lids over the skin.

    Parameters
    ----------
    f, hues
        Factors, and colours of the image.
    x, y
        Position in coordinates of the head, pixels; `x` >= 0.
    side
        Sign of X: -1 or 1.
    colour
        Of the skin, linear light.

    Returns
    -------
    tuple
        Colour, and opacity of the eyeball, 0 to 1.
    """
    ex = x - EYE_X
    e = ex / (EYE_HALF_WIDTH * f.eye_size)
    if abs(e) > 1.7 or abs(y) > 16.0:
        return colour, 0.0
    upper, lower = _lid_lines(f, clamp(0.5 * (e + 1.0)) * 2.0 - 1.0)
    reach = ramp(1.25, 0.9, abs(e))
    shadow = f.makeup * ramp(upper - 9.0, upper - 1.0, y) * ramp(upper + 2.0, upper, y)
    shadow *= ramp(1.6, 0.8, abs(e))
    colour = mix3(
        colour, tint((colour[0] * 0.9, colour[1] * 0.8, colour[2] * 0.85), 0.45), 0.85 * shadow
    )
    crease = ridge(y - upper + 2.9, 1.7) * reach
    colour = tint(colour, 1.0 - 0.42 * crease)
    inside = (
        ramp(upper - SOFT, upper + SOFT, y)
        * ramp(lower + SOFT, lower - SOFT, y)
        * ramp(1.04, 0.94, abs(e))
    )
    colour = mix3(colour, _eye_ball(f, hues, ex, y, upper, side), inside)
    rim = 0.5 * ridge(y - lower, 1.5) * reach * (0.7 + f.makeup)
    colour = tint(colour, 1.0 - clamp(rim))
    wing = 0.9 * max(0.0, e) * f.makeup
    thick = 1.25 + 0.9 * f.makeup + wing
    lash = (
        ridge(y - upper + 0.35 * thick, thick)
        * ramp(1.12 + 0.25 * f.makeup, 0.92, e)
        * ramp(-1.1, -0.85, e)
    )
    colour = mix3(colour, (0.012, 0.009, 0.008), clamp(1.5 * lash) * (0.72 + 0.25 * f.makeup))
    return colour, inside


@inlined
def paint_brow(f: Factors, hues: Palette, x: float, y: float, colour: Colour) -> Colour:
    """Blend the brow over the skin.

    Parameters
    ----------
    f, hues
        Factors, and colours of the image.
    x, y
        Position in coordinates of the head, pixels; `x` >= 0.
    colour
        Of the skin, linear light.
    """
    along = (x - 6.5) / 25.5
    if along < -0.15 or along > 1.15 or y < -26.0 or y > -2.0:
        return colour
    peak = (along - 0.64) / 0.64
    line = -10.6 - 1.6 * (1.0 - f.masculinity) - (1.0 + 4.2 * f.brow_arch) * (1.0 - peak * peak)
    thick = (1.25 + 2.5 * f.brow_thickness) * (1.0 - 0.55 * ramp(0.45, 1.05, along))
    cover = ridge(y - line, 1.25 * thick + 0.6)
    cover = clamp(1.7 * cover) * ramp(-0.10, 0.12, along) * ramp(1.06, 0.80, along)
    hair = tint(hues.hair, 0.40)
    return mix3(colour, hair, cover * (0.62 + 0.33 * f.brow_thickness))


@inlined
def _mouth_lines(f: Factors, x: float) -> tuple[float, float, float, float]:
    """Heights of upper edge, both lip margins and lower edge at distance `x` from the middle."""
    half, corner = mouth_corner(f)
    m = min(x / half, 1.0)
    room = 1.0 - m * m
    middle = corner + (MOUTH_Y - corner + 1.4 * f.smile) * room * (1.0 + 0.25 * m * m)
    gap = (8.5 * f.mouth_open + 2.0 * f.smile * f.mouth_open) * room * (1.0 + 0.35 * m * m)
    upper, lower = middle - 0.35 * gap, middle + 0.65 * gap
    bow = 1.0 - 0.22 * bump(x, 0.0, 4.5, 1.0) + 0.12 * bump(x - 5.0, 0.0, 4.5, 1.0)
    thin = 1.0 - 0.25 * f.smile
    top = upper - (2.3 + 3.4 * f.lip_fullness) * thin * 0.5 * (room + math.sqrt(room)) * bow
    bottom = lower + (3.3 + 4.6 * f.lip_fullness) * thin * room * (1.0 + 0.12 * room)
    return top, upper, lower, bottom


@inlined
def paint_mouth(
    f: Factors, hues: Palette, x: float, y: float, colour: Colour
) -> tuple[Colour, float, float]:
    """Blend the mouth over the face.

    Parameters
    ----------
    f, hues
        Factors, and colours of the image.
    x, y
        Position in coordinates of the head, pixels; `x` >= 0.
    colour
        Of the face, linear light.

    Returns
    -------
    tuple
        Colour, opacity of the lips 0 to 1, and their relief in pixels.
    """
    half, corner = mouth_corner(f)
    if x > half + 5.0 or y < 28.0 or y > 66.0:
        return colour, 0.0, 0.0
    top, upper, lower, bottom = _mouth_lines(f, x)
    ends = ramp(half + 0.4, half - 1.6, x)
    dimple = bump(x - half - 0.6, y - corner, 3.4, 3.4)
    colour = tint(colour, 1.0 - (0.28 + 0.2 * f.smile) * dimple)
    lips = ramp(top - 1.0, top + 1.0, y) * ramp(bottom + 1.2, bottom - 1.2, y) * ends
    pad_u = ridge((y - 0.5 * (top + upper)) / (0.5 * (upper - top) + 0.8), 1.0)
    pad_l = ridge((y - 0.5 * (lower + bottom)) / (0.5 * (bottom - lower) + 0.8), 1.0)
    tone = hues.lip
    colour = mix3(colour, tint(tone, mix(0.86, 1.06, ramp(upper, bottom, y))), 0.95 * lips)
    open_ = ramp(0.3, 1.6, lower - upper)
    parting = ridge(y - 0.5 * (upper + lower), 1.3) * ends * (1.0 - open_)
    colour = tint(colour, 1.0 - 0.75 * parting)
    hole = ramp(upper - 0.6, upper + 0.6, y) * ramp(lower + 0.6, lower - 0.6, y) * ends * open_
    if hole > 0.0:
        edge = upper + 6.2 * (1.0 - 0.5 * (x / half) ** 2)
        teeth = (
            ramp(edge + 0.8, edge - 0.8, y)
            * ramp(1.4, 3.6, lower - upper)
            * ramp(0.95, 0.55, x / half)
            * (0.45 + 0.55 * ramp(0.1, 0.6, f.smile))
        )
        shade = (1.0 - 0.35 * ramp(upper + 1.6, upper, y)) * (1.0 - 0.3 * (x / half) ** 2)
        inner = mix3((0.075, 0.018, 0.016), tint((0.72, 0.68, 0.61), shade), teeth)
        colour = mix3(colour, inner, hole)
    relief = (
        ends * (0.9 * pad_u + 1.4 * pad_l) * (0.5 + 0.7 * f.lip_fullness)
        - 0.8 * hole
        - 0.8 * parting
    )
    return colour, lips * (1.0 - hole), relief
