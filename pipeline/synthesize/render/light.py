"""Light on the composed scene: key light with cast shadows, ambient light with occlusion, gloss."""

import math

from zpoints.pipeline.synthesize.factors import Factors
from zpoints.pipeline.synthesize.render.curves import Planes, clamp, inlined, kernel, mix, ramp

STEEPEST = 1.15
STEPS = (2.0, 4.5, 8.0, 13.0, 20.0)
RING = ((7, 0), (5, 5), (0, 7), (-5, 5), (-7, 0), (-5, -5), (0, -7), (5, -5))


@inlined
def _light_vector(f: Factors) -> tuple[float, float, float]:
    """Unit vector towards the key light; image axes, z towards the camera."""
    az, el = math.radians(f.light_azimuth), math.radians(f.light_elevation)
    return math.sin(az) * math.cos(el), -math.sin(el), math.cos(az) * math.cos(el)


@kernel
def _occlude(depth: Planes, key: Planes, sky: Planes, light: tuple[float, float, float]) -> None:
    """Fill `key` (unshadowed share of key light) and `sky` (unoccluded share of ambient light).

    Both have half the resolution of `depth` (row, column).
    """
    rows, columns = depth.shape
    lx, ly, lz = light
    flat = math.sqrt(lx * lx + ly * ly) + 1e-6
    slope = lz / flat
    for j in range(key.shape[0]):
        for i in range(key.shape[1]):
            y, x = min(2 * j, rows - 1), min(2 * i, columns - 1)
            here = depth[y, x]
            worst = 0.0
            for step in STEPS:
                yy = min(max(int(y + step * ly / flat + 0.5), 0), rows - 1)
                xx = min(max(int(x + step * lx / flat + 0.5), 0), columns - 1)
                rise = depth[yy, xx] - here - slope * step - 0.6
                worst = max(worst, rise / (1.0 + 0.35 * step))
            key[j, i] = 1.0 - 0.75 * ramp(0.0, 1.6, worst)
            closed = 0.0
            for dx, dy in RING:
                yy = min(max(y + dy, 0), rows - 1)
                xx = min(max(x + dx, 0), columns - 1)
                closed += clamp((depth[yy, xx] - here - 1.0) / 14.0)
            sky[j, i] = 1.0 - 0.085 * closed


@inlined
def _between(key: Planes, sky: Planes, depth: Planes, y: int, x: int) -> tuple[float, float]:
    """Key and sky share at pixel (y, x), from the half-resolution neighbours at the same depth."""
    j, i = y >> 1, x >> 1
    if not (y | x) & 1:
        return key[j, i], sky[j, i]
    here, lit, open_, total = depth[y, x], 0.0, 0.0, 1e-6
    for jj in range(j, min(j + (y & 1), key.shape[0] - 1) + 1):
        for ii in range(i, min(i + (x & 1), key.shape[1] - 1) + 1):
            apart = depth[2 * jj, 2 * ii] - here
            weight = 1.0 / (0.3 + apart * apart)
            lit += weight * key[jj, ii]
            open_ += weight * sky[jj, ii]
            total += weight
    return lit / total, open_ / total


@inlined
def _slope_at(before: float, here: float, after: float) -> float:
    """The flatter of the slopes on both sides, so that outlines of nearer objects are not bent."""
    a, b = here - before, after - here
    return min(max(a if abs(a) < abs(b) else b, -STEEPEST), STEEPEST)


@kernel
def illuminate(f: Factors, scene: Planes, key: Planes, sky: Planes) -> None:
    """Multiply the colours of the scene by the light that reaches each pixel.

    Parameters
    ----------
    f
        Factors.
    scene
        float32 (plane, row, column), see `planes`; changed in place.
    key, sky
        Work arrays, float32 of half the number of rows and columns, rounded up.
    """
    depth = scene[0]
    rows, columns = depth.shape
    lx, ly, lz = _light_vector(f)
    _occlude(depth, key, sky, (lx, ly, lz))
    norm = math.sqrt(lx * lx + ly * ly + (lz + 1.0) ** 2)
    hx, hy, hz = lx / norm, ly / norm, (lz + 1.0) / norm
    warm = 0.10 * f.warmth
    for y in range(rows):
        up, down = max(y - 1, 0), min(y + 1, rows - 1)
        for x in range(columns):
            lit = scene[4, y, x]
            r, g, b = scene[1, y, x], scene[2, y, x], scene[3, y, x]
            if lit > 0.004:
                here = depth[y, x]
                nx = -_slope_at(depth[y, max(x - 1, 0)], here, depth[y, min(x + 1, columns - 1)])
                ny = -_slope_at(depth[up, x], here, depth[down, x])
                n = 1.0 / math.sqrt(nx * nx + ny * ny + 1.0)
                nx, ny, nz = nx * n, ny * n, n
                facing = nx * lx + ny * ly + nz * lz
                hair = scene[6, y, x]
                shadow, open_ = _between(key, sky, depth, y, x)
                wrap_r = max(0.0, (facing + 0.38) / 1.38)
                wrap_g = max(0.0, (facing + 0.24) / 1.24)
                wrap_b = max(0.0, (facing + 0.20) / 1.20)
                direct = f.light * shadow * 1.02
                fill = f.ambient * open_ * (0.72 - 0.28 * ny)
                half = max(0.0, nx * hx + ny * hy + nz * hz)
                h2 = half * half
                h8 = h2 * h2 * h2 * h2
                along = math.sqrt(max(0.0, 1.0 - ny * ny)) + 1e-3
                tangent = (hy - half * ny) / along
                band = max(0.0, 1.0 - 5.0 * tangent * tangent)
                sheen = hair * band * band * max(0.0, facing + 0.2)
                gloss = (1.0 - hair) * scene[5, y, x] * nz * h8 * (0.35 + h8 * h8)
                shine = shadow * f.light * (gloss + 0.02 * sheen)
                direct *= 1.0 + 1.3 * sheen
                r = mix(r, r * (direct * (1.0 + warm) * wrap_r + fill) + shine, lit)
                g = mix(g, g * (direct * wrap_g + fill) + shine, lit)
                b = mix(
                    b, b * (direct * (1.0 - 1.3 * warm) * wrap_b + fill * (1.0 - warm)) + shine, lit
                )
            scene[1, y, x], scene[2, y, x], scene[3, y, x] = r, g, b
