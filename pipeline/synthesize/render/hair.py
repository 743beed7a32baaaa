"""Hair as a volume: a shell over the skull, curtains beside the face, a mass behind the neck."""

import math

from zpoints.pipeline.synthesize.factors import Factors
from zpoints.pipeline.synthesize.render.curves import clamp, inlined, mix, ramp, ridge, wave
from zpoints.pipeline.synthesize.render.pose import View, section, to_head

SHELL_Y = -20.0
OVAL_Y = -2.0


@inlined
def shell_axes(f: Factors) -> tuple[float, float, float]:
    """Half-axes (across, up, deep) in pixels of the ellipsoid that bounds the hair on the skull."""
    volume = f.hair_volume * (1.0 - 0.8 * f.bald)
    across = 43.0 * f.face_width + 1.5 + 8.0 * volume
    return across, 54.0 + 14.0 * volume - 1.5 * f.bald, 51.0 + 6.0 * volume


@inlined
def _shell_height(v: View, y: float, z: float, up: float) -> float:
    """Relative height of a point of the shell at turned depth `z`; a tube below its middle."""
    u = ((y - z * v.sin_pitch) / v.cos_pitch - SHELL_Y) / up
    return min(u, 0.0) + 0.35 * max(u, 0.0)


@inlined
def hit_shell(f: Factors, v: View, x: float, y: float) -> tuple[float, float]:
    """Intersection of a ray with the shell.

    Parameters
    ----------
    f, v
        Factors and pose.
    x, y
        Position of the ray in the camera plane, pixels of the head.

    Returns
    -------
    tuple
        Distance of the point from the plane, and distance to the outline, inside > 0; pixels.
    """
    across, up, deep = shell_axes(f)
    u = _shell_height(v, y, 20.0, up)
    room = max(1.0 - u * u, 1e-3)
    z, _ = section(v, x, across * across * room, deep * deep * room)
    u = _shell_height(v, y, z, up)
    room = max(1.0 - u * u, 1e-3)
    z, _ = section(v, x, across * across * room, deep * deep * room)
    q = x / math.sqrt((v.sin_yaw * deep) ** 2 + (v.cos_yaw * across) ** 2)
    r = math.sqrt(q * q + u * u + 1e-9)
    inside = (1.0 - r) * r / math.sqrt((q / across) ** 2 + (u / up) ** 2 + 1e-9)
    return (z - y * v.sin_pitch) / v.cos_pitch, inside


@inlined
def hairline(f: Factors, x: float, y: float) -> float:
    """Distance beyond the oval that frames the face, pixels; negative on the face.

    Parameters
    ----------
    f
        Factors.
    x, y
        Position on the shell, coordinates of the head.
    """
    a = abs(x)
    above = min(y - OVAL_Y, 0.0) / (49.0 + 9.0 * f.recession)
    across = x / (37.0 * f.face_width)
    beyond = 44.0 * (math.sqrt(across * across + above * above + 1e-6) - 1.0)
    beyond -= 13.0 * f.recession * ridge(a - 22.0, 15.0) + 60.0 * f.bald
    sweep = 54.0 + 0.35 * f.parting * x + 0.7 * wave(x / 19.0 + f.parting)
    fringe = f.bangs * sweep - 66.0 - 8.0 * f.recession - 60.0 * f.bald
    return max(beyond, fringe + 0.004 * a * a - y - 30.0 * ramp(30.0, 42.0, a))


@inlined
def _shell_end(f: Factors, x: float) -> float:
    """Height at which the hair on the skull ends at the sides."""
    return mix(8.0, _curtain_end(f, x), ramp(0.1, 0.4, f.hair_length))


@inlined
def _back_cover(f: Factors, x: float, y: float) -> float:
    """Opacity of the far side of the shell, visible where its near side is bare."""
    low = _shell_end(f, x) - 4.0
    return ramp(low + 6.0, low - 6.0, y) * (1.0 - f.bald * ramp(-16.0, -34.0, y))


@inlined
def _shell_cover(f: Factors, x: float, y: float, z: float) -> tuple[float, float]:
    """Opacity of the hair at a point of the shell, and its lift above the skull, 0 to 1."""
    beyond = hairline(f, x, y)
    soft = 2.2 + 2.0 * f.recession + 1.5 * f.bangs
    long = ramp(0.1, 0.4, f.hair_length)
    low = _shell_end(f, x)
    behind = 13.0 + 8.0 * long - 0.14 * (y + 10.0) - 0.7 * (1.0 - long) * max(y + 8.0, 0.0) - z
    down = ramp(low + 6.0, low - 6.0, y)
    rim = down * (1.0 - f.bald * ramp(-16.0, -34.0, y))
    cover = max(ramp(-soft, soft, beyond) * down, rim * ramp(-4.0, 4.0, behind))
    lift = max(ramp(0.0, 9.0, beyond), ramp(0.0, 6.0, behind))
    return cover, lift


@inlined
def strand(f: Factors, u: float, along: float) -> float:
    """Brightness of strands, about -1 to 1.

    Parameters
    ----------
    f
        Factors.
    u, along
        Position across the hair, in strands, and along it, in pixels.
    """
    s = u + f.hair_curl * 0.30 * wave(along / (50.0 - 20.0 * f.hair_curl) + 0.11 * u)
    return 0.30 * wave(s) + 0.35 * wave(1.9 * s + 0.31) + 0.35 * wave(3.1 * s - 0.17)


@inlined
def _shell_strand(f: Factors, x: float, y: float) -> float:
    """Brightness of strands of the shell, which run from the parting down both sides."""
    reach = 104.0 + y
    across = (x - 13.0 * f.parting) / (0.45 * reach + 28.0)
    return 0.8 * strand(f, 4.2 * across, 0.5 * (y + abs(x)))


@inlined
def shell_at(f: Factors, v: View, x: float, y: float) -> tuple[float, float, float, float, float]:
    """Hair on the skull along a ray.

    Parameters
    ----------
    f, v
        Factors and pose.
    x, y
        Position of the ray in the camera plane, pixels of the head.

    Returns
    -------
    tuple
        Opacity 0 to 1, lift 0 to 1, distance from the plane in pixels, strand value -1 to 1, and
        opacity of the far side.
    """
    t, inside = hit_shell(f, v, x, y)
    hx, hy, hz = to_head(v, x, y, t)
    cover, lift = _shell_cover(f, hx, hy, hz)
    outline = clamp(0.5 + 0.7 * inside * v.zoom)
    return cover * outline, lift, t, _shell_strand(f, hx, hy), outline * _back_cover(f, x, y)


@inlined
def _curtain_edges(f: Factors, y: float, side: float) -> tuple[float, float]:
    """Inner and outer edge of the hair that falls beside the face, at height `y`."""
    across, up, _ = shell_axes(f)
    fall = clamp((y - SHELL_Y) / 110.0)
    swing = f.hair_curl * (0.6 + 2.6 * fall) * wave(y / (62.0 - 22.0 * f.hair_curl) + 0.13 * side)
    cap = min(y - SHELL_Y, 0.0) / up
    outer = across * math.sqrt(max(1.0 - cap * cap, 0.0)) + swing
    outer += (3.0 + 16.0 * f.hair_volume) * fall * (1.0 - 0.55 * fall)
    above = min(y - OVAL_Y, 0.0) / (50.0 + 9.0 * f.recession)
    inner = 36.3 * f.face_width * math.sqrt(max(1.0 - above * above, 0.0))
    inner += 1.5 * ramp(0.0, 20.0, y) - 7.5 * ramp(20.0, 75.0, y) + 0.6 * swing
    return inner, outer


@inlined
def _curtain_end(f: Factors, x: float) -> float:
    """Height at which the fallen hair ends."""
    return mix(-12.0, 122.0, f.hair_length) - 0.004 * (abs(x) - 44.0) ** 2 + 1.5 * wave(x / 17.0)


@inlined
def curtain(f: Factors, v: View, x: float, y: float) -> tuple[float, float, float, float]:
    """Hair that falls beside the face, along a ray.

    Its inner edge is on the face, its outer edge beside the middle of the head, so they shift
    differently when the head turns.

    Parameters
    ----------
    f, v
        Factors and pose.
    x, y
        Position of the ray in the camera plane, pixels of the head.

    Returns
    -------
    tuple
        Opacity 0 to 1, depth in pixels, strand value -1 to 1, and the shade that it casts, 0 to 1.
    """
    xo = x / v.cos_yaw
    side = 1.0 if xo > 0.0 else -1.0
    inner, outer = _curtain_edges(f, y, side)
    a, ai = abs(xo), side * (x - 20.0 * v.sin_yaw) / v.cos_yaw
    end = _curtain_end(f, xo)
    cover = ramp(inner - 1.5, inner + 1.5, ai) * ramp(outer + 1.2, outer - 1.2, a)
    cover *= ramp(end + 5.0, end - 5.0, y) * ramp(-56.0, -18.0, y) * ramp(0.15, 0.3, f.hair_length)
    c = 2.0 * clamp((a - inner) / (outer - inner + 1e-3)) - 1.0
    s = strand(f, 0.08 * (outer - a) + 0.4 * side, y)
    near = (
        ramp(inner - 7.0, inner + 1.0, ai) * ramp(end + 5.0, end - 5.0, y) * ramp(-48.0, -20.0, y)
    )
    near *= ramp(0.15, 0.3, f.hair_length)
    return cover, 15.0 + 9.0 * (1.0 - c * c) - 4.0 * c + 0.7 * s, s, near


@inlined
def behind_cover(f: Factors, x: float, y: float) -> float:
    """Opacity of the hair behind the neck, between the curtains.

    Parameters
    ----------
    f
        Factors.
    x, y
        Position relative to the middle of the head, turned by the yaw, pixels.
    """
    end = _curtain_end(f, x) - 3.0
    cover = ramp(end + 5.0, end - 5.0, y) * ramp(45.0, 38.0, abs(x))
    return cover * ramp(0.15, 0.3, f.hair_length)
