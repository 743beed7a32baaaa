"""Layers of background, body, face, hat and glasses, blended one row of pixels at a time."""

import math

from zpoints.pipeline.synthesize.factors import Factors
from zpoints.pipeline.synthesize.render.curves import (
    Planes,
    bump,
    clamp,
    kernel,
    mix3,
    ramp,
    tint,
)
from zpoints.pipeline.synthesize.render.features import paint_brow, paint_eye, paint_mouth
from zpoints.pipeline.synthesize.render.hair import hit_shell
from zpoints.pipeline.synthesize.render.planes import FAR, lay
from zpoints.pipeline.synthesize.render.pose import HEIGHT, View, hit_head, to_head, to_plane
from zpoints.pipeline.synthesize.render.skin import (
    beard_cover,
    crease,
    face_relief,
    flush,
    nose_relief,
    skin_shade,
)
from zpoints.pipeline.synthesize.render.tones import Palette
from zpoints.pipeline.synthesize.render.wear import hat_colour, hat_cover, paint_body, paint_glasses


@kernel
def lay_background(f: Factors, scene: Planes, row: int) -> None:
    """Draw a gradient with one soft spot of light.

    Parameters
    ----------
    f
        Factors.
    scene, row
        Planes of the image, changed in place, and the row to draw.
    """
    fall = ramp(0.0, 1.0, row / HEIGHT)
    upper = (f.back_red, f.back_green, f.back_blue)
    base = mix3(upper, (f.floor_red, f.floor_green, f.floor_blue), fall)
    for column in range(scene.shape[2]):
        dx, dy = column - 89.0 - 70.0 * f.glow_x, row - 80.0 - 60.0 * f.glow_y
        colour = mix3(base, (0.8, 0.78, 0.74), 0.6 * f.glow * bump(dx, dy, 75.0, 75.0))
        scene[1, row, column], scene[2, row, column], scene[3, row, column] = colour
        scene[0, row, column] = FAR
        scene[4, row, column] = scene[5, row, column] = scene[6, row, column] = 0.0


@kernel
def lay_body(
    f: Factors, v: View, hues: Palette, scene: Planes, row: int, neck_x: float, neck_y: float
) -> None:
    """Draw neck, shoulders and clothes; they stay upright when the head rolls.

    Parameters
    ----------
    f, v, hues
        Factors, pose, and colours of the image.
    scene, row
        Planes of the image, changed in place, and the row to draw.
    neck_x, neck_y
        Image position of the lower end of the neck, pixels.
    """
    y = 62.0 + (row - neck_y) / v.zoom
    for column in range(scene.shape[2]):
        x = (column - neck_x) / v.zoom
        if y > 78.0 or abs(x) < 42.0:
            cover, colour, depth = paint_body(f, x, y, hues.skin)
            if cover > 0.0:
                lay(scene, row, column, cover, depth, colour, 0.04, 0.0)


@kernel
def lay_ears(
    f: Factors, v: View, hues: Palette, scene: Planes, row: int, first: int, last: int
) -> None:
    """Draw both ears with their ear-rings.

    Parameters
    ----------
    f, v, hues
        Factors, pose, and colours of the image.
    scene, row
        Planes of the image, changed in place, and the row to draw.
    first, last
        Columns from `first` up to, without, `last`.
    """
    for column in range(first, last):
        x, y = to_plane(v, column, row)
        side = 1.0 if x > 0.0 else -1.0
        ex = x - side * (41.5 * f.face_width + 1.5) * v.cos_yaw + 4.0 * v.sin_yaw
        ey = y - 8.0 + 4.0 * v.sin_pitch
        if abs(ex) > 9.0 or ey < -15.0 or ey > 26.0:
            continue
        dx, dy = (ex + 0.12 * side * ey) / 6.0, ey / 13.0
        r = math.sqrt(dx * dx + dy * dy)
        hollow = bump(dx, dy + 0.15, 0.55, 0.6)
        colour = tint((hues.skin[0], hues.skin[1] * 0.86, hues.skin[2] * 0.84), 1.0 - 0.35 * hollow)
        cover = clamp(0.5 + (1.0 - r) * 7.0) * ramp(0.35, 0.15, f.hair_length)
        lay(scene, row, column, cover, -6.0 + 5.0 * (1.0 - r * r) - 2.0 * hollow, colour, 0.06, 0.0)
        drop = bump(ex, ey - 18.5, 2.4, 5.0) + bump(ex, ey - 13.0, 1.6, 1.6)
        drop = f.earrings * clamp(2.0 * drop)
        lay(scene, row, column, drop, 6.0, (0.8, 0.72, 0.5), 0.6, 0.0)


@kernel
def _face_row(f: Factors, v: View, row: int, first: int, last: int, work: Planes) -> None:
    """Fill rows 0 to 7 of `work`.

    They are depth, distance to the outline, head x, head y, frontness, crease, shade, flush.
    """
    depth, inside = work[0, first:last], work[1, first:last]
    across, down, front = work[2, first:last], work[3, first:last], work[4, first:last]
    creased, bright, blood = work[5, first:last], work[6, first:last], work[7, first:last]
    width = last - first
    for column in range(width):
        x, y = to_plane(v, first + column, row)
        depth[column], inside[column] = hit_head(f, v, x, y)
    for column in range(width):
        x, y = to_plane(v, first + column, row)
        t = depth[column]
        hx, hy, hz = to_head(v, x, y, t)
        h = ramp(4.0, 26.0, hz) * nose_relief(f, abs(hx), hy)
        hx, hy, hz = to_head(v, x, y, t + h)
        facing = ramp(4.0, 26.0, hz)
        depth[column] = t + facing * (nose_relief(f, abs(hx), hy) + face_relief(f, abs(hx), hy))
        across[column], down[column], front[column] = hx, hy, facing
    for column in range(width):
        a, hy = abs(across[column]), down[column]
        creased[column] = crease(f, a, hy)
        bright[column] = skin_shade(f, a, hy, creased[column])
    for column in range(width):
        blood[column] = flush(f, abs(across[column]), down[column])


@kernel
def lay_face(
    f: Factors,
    v: View,
    hues: Palette,
    scene: Planes,
    row: int,
    first: int,
    last: int,
    work: Planes,
    hairy: Planes,
) -> None:
    """Draw the head with all its features; skin wholly under hair is left out.

    Parameters
    ----------
    f, v, hues
        Factors, pose, and colours of the image.
    scene, row
        Planes of the image, changed in place, and the row to draw.
    first, last
        Columns from `first` up to, without, `last`.
    work
        Work array, (WORK_ROWS, columns).
    hairy
        (columns,) opacity of the hair over each pixel, 0 to 1.
    """
    _face_row(f, v, row, first, last, work)
    rosy = (hues.skin[0], hues.skin[1] * 0.72, hues.skin[2] * 0.74)
    for column in range(first, last):
        cover = clamp(0.5 + work[1, column] * v.zoom)
        if cover <= 0.0 or hairy[column] >= 1.0:
            continue
        depth, hx, hy, front = work[0, column], work[2, column], work[3, column], work[4, column]
        a = abs(hx)
        plain = mix3(hues.skin, rosy, min(work[7, column], 0.9))
        plain = tint(plain, 1.0 + front * (work[6, column] - 1.0))
        colour, gloss = plain, 0.10
        if front > 0.0 and hy > 25.0:
            colour = mix3(colour, tint(hues.hair, 0.8), beard_cover(f, a, hy))
            colour, lips, relief = paint_mouth(f, hues, a, hy, colour)
            depth += relief
            gloss += 0.22 * lips * (0.4 + f.lipstick)
        elif front > 0.0 and hy > -27.0:
            colour = paint_brow(f, hues, a, hy, colour)
            side = 1.0 if hx > 0.0 else -1.0
            colour, wet = paint_eye(f, hues, a, hy, side, colour)
            gloss *= 1.0 - wet
        gloss += 0.08 * bump(a, hy - 24.0, 6.0, 8.0) + 0.05 * bump(a, hy + 30.0, 24.0, 14.0)
        depth -= 0.7 * front * work[5, column]
        lay(scene, row, column, cover, depth, mix3(plain, colour, front), gloss, 0.0)


@kernel
def lay_hat(f: Factors, v: View, scene: Planes, row: int, first: int, last: int) -> None:
    """Draw a hat over hair and forehead.

    Parameters
    ----------
    f, v
        Factors and pose.
    scene, row
        Planes of the image, changed in place, and the row to draw.
    first, last
        Columns from `first` up to, without, `last`.
    """
    for column in range(first, last):
        x, y = to_plane(v, column, row)
        t, inside = hit_shell(f, v, x, y)
        _, hy, hz = to_head(v, x, y, t + 3.0)
        cover = clamp(0.5 + (inside + 3.5) * v.zoom) * hat_cover(f, hy, hz)
        lay(scene, row, column, cover, t + 4.0, hat_colour(f, hy), 0.03, 0.0)


@kernel
def lay_glasses(f: Factors, v: View, scene: Planes, row: int, first: int, last: int) -> None:
    """Draw glasses, which colour what is behind them.

    Parameters
    ----------
    f, v
        Factors and pose.
    scene, row
        Planes of the image, changed in place, and the row to draw.
    first, last
        Columns from `first` up to, without, `last`.
    """
    for column in range(first, last):
        x, y = to_plane(v, column, row)
        hx = (x - 46.0 * v.sin_yaw) / v.cos_yaw
        hy = (y - 46.0 * v.cos_yaw * v.sin_pitch) / v.cos_pitch
        if abs(hx) < 41.0:
            colour = (scene[1, row, column], scene[2, row, column], scene[3, row, column])
            colour = paint_glasses(f, hx, hy, colour)
            scene[1, row, column], scene[2, row, column], scene[3, row, column] = colour
