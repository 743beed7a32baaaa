"""Neck, clothes, glasses, hat and jewellery."""

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
from zpoints.pipeline.synthesize.render.pose import EYE_X


@inlined
def _neck_half_width(f: Factors, y: float) -> float:
    """Half-width of the neck at height `y` below the eyes."""
    low = ramp(70.0, 104.0, y)
    return 20.5 + 4.5 * f.masculinity + 3.5 * f.fullness + 9.0 * low * low


@inlined
def _shoulder_top(f: Factors, x: float) -> float:
    """Height at which the shoulders begin at distance `x` from the axis of the neck."""
    wide = 24.0 + 4.0 * f.masculinity
    rise = max(0.0, x - wide)
    return 83.0 - 2.0 * f.masculinity + (0.50 - 0.14 * f.masculinity) * rise + 0.0016 * rise * rise


@inlined
def paint_body(f: Factors, x: float, y: float, skin: Colour) -> tuple[float, Colour, float]:
    """Neck, shoulders and clothes.

    Parameters
    ----------
    f
        Factors.
    x, y
        Position relative to the axis of the neck and the height of the eyes, pixels; not rolled.
    skin
        Colour of the skin, linear light.

    Returns
    -------
    tuple
        Opacity 0 to 1, colour, depth in pixels.
    """
    a = abs(x)
    half = _neck_half_width(f, y)
    neck = ramp(half + 0.8, half - 0.8, a) * ramp(30.0, 36.0, y)
    top = _shoulder_top(f, a)
    body = ramp(top - 1.0, top + 1.0, y)
    round_ = math.sqrt(max(1.0 - (a / (half + 1.0)) ** 2, 0.0))
    throat = -28.0 + 25.0 * round_ - 0.15 * (y - 60.0)
    trunk = -30.0 + body * (10.0 + 0.45 * (y - top))
    bone = bump(a - 22.0, y - 99.0 + 0.2 * (a - 22.0), 19.0, 3.5)
    under_chin = 0.42 * ramp(100.0, 72.0, y) * (1.0 - 0.5 * (a / 30.0) ** 2)
    colour = tint(skin, 0.94 - 0.10 * bump(a, y - 97.0, 5.0, 6.0) - max(under_chin, 0.0))
    cloth = 82.0 + 34.0 * f.neckline * max(1.0 - (a / (29.0 + 16.0 * f.neckline)) ** 2, -0.6)
    dressed = ramp(cloth - 1.0, cloth + 1.0, y) * max(body, ramp(half + 2.0, half - 1.0, a))
    colour = mix3(colour, _cloth_colour(f, a, y, cloth), dressed)
    if f.necklace > 0.0:
        chain = ridge(y - 80.0 - 15.0 * (1.0 - (a / 24.0) ** 2), 1.7) * ramp(25.0, 23.0, a)
        colour = mix3(colour, (0.75, 0.58, 0.27), f.necklace * clamp(1.5 * chain) * (1.0 - dressed))
    bare = max(throat, trunk) + 1.2 * bone
    return max(neck, body), colour, mix(bare, trunk + 1.6, dressed)


@inlined
def _cloth_colour(f: Factors, x: float, y: float, neckline: float) -> Colour:
    """Colour of clothes at distance `x` from the middle: plain, or jacket, shirt and tie."""
    cloth = tint(
        (f.cloth_red, f.cloth_green, f.cloth_blue), 1.0 - 0.3 * ramp(neckline + 5.0, neckline, y)
    )
    if f.necktie <= 0.0:
        return cloth
    opening = 17.0 - 0.42 * (y - 84.0)
    shirt = ramp(opening + 1.0, opening - 1.0, x)
    formal = mix3(cloth, (0.70, 0.72, 0.76), shirt)
    wide = 4.0 + 0.10 * (y - 84.0) + 1.6 * ridge(y - 87.0, 5.0)
    tie = ramp(wide + 0.8, wide - 0.8, x) * ramp(82.0, 84.0, y)
    red = (0.10 + 0.4 * f.lip_hue, 0.03, 0.05 + 0.25 * (1.0 - f.lip_hue))
    return mix3(cloth, mix3(formal, red, tie), f.necktie)


@inlined
def paint_glasses(f: Factors, x: float, y: float, colour: Colour) -> Colour:
    """Colour seen through glasses.

    Parameters
    ----------
    f
        Factors.
    x, y
        Position in the plane of the lenses, coordinates of the head, pixels.
    colour
        Of what is behind them, linear light.
    """
    a = abs(x)
    if f.glasses <= 0.0 or y < -16.0 or y > 18.0:
        return colour
    wide, high = 15.5, 10.2 + 1.4 * f.frame
    dx, dy = (a - EYE_X - 0.8) / wide, (y - 1.0) / high
    r = math.sqrt(math.sqrt(dx * dx * dx * dx + dy * dy * dy * dy))
    distance = (r - 1.0) * 0.5 * (wide + high)
    thick = 0.7 + 1.0 * f.frame
    rim = ramp(thick + 0.7, thick - 0.5, abs(distance))
    bridge = ramp(6.0, 4.0, a) * ridge(y + 2.5 + 0.02 * a * a, 1.2 + thick)
    temple = ramp(wide + EYE_X - 1.0, wide + EYE_X + 1.0, a) * ridge(y + 3.5, 1.0 + thick)
    lens = ramp(0.6, -0.6, distance)
    metal = mix3((0.14, 0.12, 0.10), (0.018, 0.014, 0.012), ramp(0.15, 0.5, f.frame))
    glare = 0.10 * lens * ramp(-6.0, 8.0, dx * 6.0 - dy * 8.0)
    seen = tint(colour, 1.0 - lens * (0.06 + 0.9 * f.tint))
    seen = (seen[0] + 0.5 * glare, seen[1] + 0.5 * glare, seen[2] + 0.55 * glare)
    seen = mix3(seen, metal, clamp(rim + 1.4 * bridge + 1.4 * temple))
    return mix3(colour, seen, f.glasses)


@inlined
def hat_cover(f: Factors, y: float, z: float) -> float:
    """Opacity of the hat, 0 to 1.

    Parameters
    ----------
    f
        Factors.
    y, z
        Position on a shell slightly larger than that of the hair, coordinates of the head.
    """
    line = -33.0 - 0.10 * (40.0 - z)
    return f.hat * ramp(line + 1.2, line - 1.2, y)


@inlined
def hat_colour(f: Factors, y: float) -> Colour:
    """Felt with a band."""
    felt = (0.03 + 0.35 * f.cloth_blue, 0.03 + 0.33 * f.cloth_red, 0.03 + 0.3 * f.cloth_green)
    return tint(felt, mix(0.35, 1.0, ramp(-40.5, -43.0, y)))
