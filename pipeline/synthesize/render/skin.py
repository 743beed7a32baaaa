"""Relief and colour of facial skin, without eyes, brows and mouth.

`x` is the distance from the middle of the face throughout: faces are symmetric.
"""

import math

from zpoints.pipeline.synthesize.factors import Factors
from zpoints.pipeline.synthesize.render.curves import bump, clamp, inlined, ramp, ridge, wave
from zpoints.pipeline.synthesize.render.pose import EYE_X, NOSE_TIP_Y


@inlined
def nose_relief(f: Factors, x: float, y: float) -> float:
    """Height of the nose above the face, pixels.

    Parameters
    ----------
    f
        Factors.
    x, y
        Position in coordinates of the head, pixels; `x` >= 0.
    """
    tip = NOSE_TIP_Y * f.nose_length
    s = clamp((y + 9.0) / (tip + 9.0))
    profile = 1.2 + 10.5 * s * (0.55 + 0.45 * s)
    profile *= ramp(-13.0, 1.0, y) * ramp(tip + 7.5, tip - 1.5, y)
    ball = 2.6 * bump(x, y - tip + 0.5, 6.8 * f.nose_width, 7.0)
    wing = 4.6 * bump(x - 7.6 * f.nose_width, y - tip - 1.2, 5.4, 5.4)
    return ridge(x, (6.4 + 4.2 * s * s) * f.nose_width) * profile + ball + wing


@inlined
def face_relief(f: Factors, x: float, y: float) -> float:
    """Height of all but the nose above the bare skull, pixels.

    Parameters
    ----------
    f
        Factors.
    x, y
        Position in coordinates of the head, pixels; `x` >= 0.
    """
    male, smile = f.masculinity, f.smile
    socket = -4.2 * bump(x - EYE_X + 1.0, y + 2.0, 15.0, 11.0)
    ball = 3.2 * bump(x - EYE_X, y - 0.3, 11.5, 8.5)
    bag = (0.3 + 1.1 * f.wrinkles) * bump(x - EYE_X, y - 9.0, 10.0, 4.5)
    brow = (1.0 + 1.8 * male) * bump(x - 16.0, y + 11.5, 19.0, 7.5)
    cheek = (1.6 + 2.4 * f.cheekbones + 2.6 * smile) * bump(
        x - 26.0 + 2.0 * smile, y - 20.0 + 3.0 * smile, 17.0, 16.0
    )
    hollow = (-1.6 + 3.4 * f.fullness) * bump(x - 29.0, y - 42.0, 13.0, 17.0)
    mound = 3.0 * bump(x, y - 43.0, 24.0, 17.0)
    groove = -1.2 * bump(x, y - 35.5, 3.2, 6.5)
    dent = -2.4 * bump(x, y - 54.0, 12.0, 5.5)
    chin = (3.2 + 1.2 * male) * bump(x, y - 64.5 - f.chin, 14.0 + 4.0 * f.jaw, 10.0)
    temple = -1.8 * bump(x - 38.0, y + 22.0, 12.0, 22.0)
    return socket + ball + bag + brow + cheek + hollow + mound + groove + dent + chin + temple


@inlined
def crease(f: Factors, x: float, y: float) -> float:
    """Depth of the nasolabial folds and of wrinkles, about 0 to 2.

    Parameters
    ----------
    f
        Factors.
    x, y
        Position in coordinates of the head, pixels; `x` >= 0.
    """
    along = clamp((y - 27.0) / 24.0)
    path = 11.0 * f.nose_width + (10.5 + 3.0 * f.smile) * along * (1.35 - 0.35 * along)
    depth = 0.1 + 0.6 * f.smile * f.smile + 0.6 * f.wrinkles
    fold = depth * ridge(x - path, 3.8) * ramp(25.0, 31.0, y) * ramp(56.0, 44.0, y)
    brow = max(wave((y + 0.012 * x * x) / 8.0), 0.0) * bump(x, y + 32.0, 34.0, 17.0)
    frown = 0.7 * bump(x - 4.0, y + 10.0, 1.8, 7.0)
    feet = max(wave((y + 1.0 - 0.22 * (x - 32.0)) / 5.0), 0.0) * bump(x - 35.0, y - 1.0, 6.5, 9.0)
    old = f.wrinkles * f.wrinkles
    return fold + old * (0.5 * brow + frown + (0.5 + 0.5 * f.smile) * feet)


@inlined
def skin_shade(f: Factors, x: float, y: float, creased: float) -> float:
    """Brightness of the skin relative to its tone.

    Parameters
    ----------
    f
        Factors.
    x, y
        Position in coordinates of the head, pixels; `x` >= 0.
    creased
        Depth of creases there, see `crease`.
    """
    tip = NOSE_TIP_Y * f.nose_length
    shade = 1.0 - 0.16 * bump(x - 17.0, y - 8.0, 13.0, 6.0) * (0.5 + f.wrinkles)
    shade -= 0.20 * bump(x - 15.0, y + 3.0, 15.0, 10.0) + 0.26 * creased
    nostril = bump(x - 4.4 * f.nose_width, y - tip - 4.6, 3.3, 2.1)
    under = bump(x, y - tip - 6.0, 11.0 * f.nose_width, 4.0)
    wing = bump(x - 10.6 * f.nose_width, y - tip - 0.5, 2.2, 5.5)
    shade *= (1.0 - 0.72 * nostril) * (1.0 - 0.25 * under) * (1.0 - 0.28 * wing)
    return shade * (1.0 - 0.16 * bump(x, y - 53.5, 13.0, 4.5))


@inlined
def flush(f: Factors, x: float, y: float) -> float:
    """Share of blood in the colour of cheeks, nose and chin, from 0.

    Parameters
    ----------
    f
        Factors.
    x, y
        Position in coordinates of the head, pixels; `x` >= 0.
    """
    cheeks = (0.12 + 0.5 * f.blush) * bump(x - 25.0, y - 21.0, 17.0, 14.0)
    return cheeks + 0.30 * bump(x, y - 25.0, 10.0, 10.0) + 0.12 * bump(x, y - 63.0, 14.0, 9.0)


@inlined
def beard_cover(f: Factors, x: float, y: float) -> float:
    """Opacity of beard, moustache and stubble, 0 to 1.

    Parameters
    ----------
    f
        Factors.
    x, y
        Position in coordinates of the head, pixels; `x` >= 0.
    """
    cheek_line = 30.0 + 0.5 * max(0.0, 34.0 - x) - 0.9 * max(0.0, x - 31.0)
    jaw = ramp(cheek_line - 3.0, cheek_line + 7.0, y) * ramp(4.0, 14.0, x + 0.9 * (y - 44.0))
    ring = math.sqrt((x / 19.0) ** 2 + ((y - 50.0) / 19.0) ** 2)
    goatee = ridge(ring - 1.0, 0.45) * ramp(38.0, 48.0, y) + bump(x, y - 65.0, 15.0, 11.0)
    lip = ramp(31.0, 35.0, y) * ramp(22.0, 15.0, x) * ramp(47.0, 42.0, y)
    free_lip = 1.0 - bump(x, y - 55.0, 8.0, 3.5) * 0.6
    full = max(jaw * ramp(0.25, 0.75, f.beard), clamp(1.6 * goatee) * ramp(0.0, 0.35, f.beard))
    shadow = 0.34 * f.stubble * max(jaw * free_lip, 0.9 * lip)
    return clamp(max(0.93 * max(full * free_lip, lip * f.moustache), shadow))
