"""Layers of a face, each laid over the one behind it, one row of pixels at a time.

The scene holds planes of float32 `(plane, row, column)`: depth towards the camera, colour in
linear light, the share that light falls on (0 for the background, which glows by itself), gloss of
skin, and hair. Loops that write to rows of `work` have no branches, so that LLVM vectorises them.
"""

import math

from zpoints.pipeline.synthesize.factors import Factors
from zpoints.pipeline.synthesize.render.curves import (
    Colour,
    Planes,
    bump,
    clamp,
    inlined,
    kernel,
    mix3,
    ramp,
    tint,
)
from zpoints.pipeline.synthesize.render.features import paint_brow, paint_eye, paint_mouth
from zpoints.pipeline.synthesize.render.hair import (
    behind_cover,
    curtain,
    hit_shell,
    shell_at,
    strand,
)
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

PLANES = 7
WORK_ROWS = 13
FAR = -60.0


@inlined
def lay(
    scene: Planes,
    row: int,
    column: int,
    cover: float,
    depth: float,
    colour: Colour,
    gloss: float,
    hair: float,
) -> None:
    """Blend one layer over what lies in the planes at a pixel."""
    if cover > 0.5:
        scene[0, row, column] = depth
    scene[1, row, column] += cover * (colour[0] - scene[1, row, column])
    scene[2, row, column] += cover * (colour[1] - scene[2, row, column])
    scene[3, row, column] += cover * (colour[2] - scene[3, row, column])
    scene[4, row, column] += cover * (1.0 - scene[4, row, column])
    scene[5, row, column] += cover * (gloss - scene[5, row, column])
    scene[6, row, column] += cover * (hair - scene[6, row, column])


@inlined
def shade(scene: Planes, row: int, column: int, amount: float) -> None:
    """Darken what lies in the planes at a pixel, where light of the sky is shut out."""
    scene[1, row, column] *= 1.0 - amount
    scene[2, row, column] *= 1.0 - amount
    scene[3, row, column] *= 1.0 - amount


@kernel
def lay_background(f: Factors, scene: Planes, row: int) -> None:
    """A gradient with one soft spot of light."""
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
def lay_behind(f: Factors, v: View, hues: Palette, scene: Planes, row: int, work: Planes) -> None:
    """The mass of hair behind the neck."""
    cover, strands = work[0], work[1]
    for column in range(scene.shape[2]):
        x, y = to_plane(v, column, row)
        x = (x + 6.0 * v.sin_yaw) / v.cos_yaw
        cover[column] = behind_cover(f, x, y) * ramp(4.0, 8.0, y)
        strands[column] = strand(f, 0.1 * x, y)
    for column in range(scene.shape[2]):
        if cover[column] > 0.0:
            colour = tint(hues.hair, 0.5 + 0.15 * strands[column])
            lay(scene, row, column, cover[column], -30.0, colour, 0.0, 1.0)


@kernel
def lay_body(
    f: Factors, v: View, hues: Palette, scene: Planes, row: int, neck_x: float, neck_y: float
) -> None:
    """Neck, shoulders, clothes; they stay upright when the head rolls."""
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
    """An ear on either side, with an ear-ring under it."""
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
def face_row(f: Factors, v: View, row: int, first: int, last: int, work: Planes) -> None:
    """Into `work`: depth, distance to the outline, head x, y, frontness, crease, shade, flush."""
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
    """The head with all its features; skin wholly under hair is left out."""
    face_row(f, v, row, first, last, work)
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
def shell_row(f: Factors, v: View, row: int, first: int, last: int, work: Planes) -> None:
    """Into `work`: opacity, lift, depth, strand value, back opacity of the hair on the skull."""
    cover, lift = work[8, first:last], work[9, first:last]
    depth, strands, back = work[10, first:last], work[11, first:last], work[12, first:last]
    for column in range(last - first):
        x, y = to_plane(v, first + column, row)
        seen = shell_at(f, v, x, y)
        cover[column], lift[column], depth[column], strands[column], back[column] = seen


@kernel
def lay_back(hues: Palette, scene: Planes, row: int, first: int, last: int, work: Planes) -> None:
    """The far side of the hair on the skull; the near side is laid after the face."""
    for column in range(first, last):
        if work[12, column] > 0.0 and work[8, column] < 1.0:
            colour = tint(hues.hair, 0.6 + 0.2 * work[11, column])
            lay(scene, row, column, work[12, column], -14.0, colour, 0.0, 1.0)


@kernel
def lay_shell(
    f: Factors, v: View, hues: Palette, scene: Planes, row: int, first: int, last: int, work: Planes
) -> None:
    """Hair on the skull, rising from the skin at the hairline; darker at the parting."""
    for column in range(first, last):
        cover, lift, t, s = work[8, column], work[9, column], work[10, column], work[11, column]
        if cover > 0.0:
            x, y = to_plane(v, column, row)
            root = bump(x - 40.0 * v.sin_yaw - 13.0 * f.parting, y + 62.0, 9.0, 26.0)
            colour = tint(hues.hair, 0.92 - 0.3 * root + 0.34 * s)
            skull = max(scene[0, row, column], t - 9.0)
            depth = skull + lift * (t - skull) + 0.7 * s
            lay(scene, row, column, cover, depth, colour, 0.0, 1.0)


@kernel
def lay_hat(f: Factors, v: View, scene: Planes, row: int, first: int, last: int) -> None:
    """A hat over hair and forehead."""
    for column in range(first, last):
        x, y = to_plane(v, column, row)
        t, inside = hit_shell(f, v, x, y)
        _, hy, hz = to_head(v, x, y, t + 3.0)
        cover = clamp(0.5 + (inside + 3.5) * v.zoom) * hat_cover(f, hy, hz)
        lay(scene, row, column, cover, t + 4.0, hat_colour(f, hy), 0.03, 0.0)


@kernel
def lay_curtain(f: Factors, v: View, hues: Palette, scene: Planes, row: int, work: Planes) -> None:
    """Hair that falls beside the face."""
    cover, depth, strands, near = work[0], work[1], work[2], work[3]
    for column in range(scene.shape[2]):
        x, y = to_plane(v, column, row)
        cover[column], depth[column], strands[column], near[column] = curtain(f, v, x, y)
    for column in range(scene.shape[2]):
        if near[column] > 0.0:
            shade(scene, row, column, 0.40 * near[column] * scene[4, row, column])
        if cover[column] > 0.0:
            colour = tint(hues.hair, 0.92 + 0.36 * strands[column])
            _, y = to_plane(v, column, row)
            shell = max(scene[0, row, column], depth[column] - 12.0)
            rise = shell + (depth[column] - shell) * ramp(-37.0, 15.0, y)
            lay(scene, row, column, cover[column], rise, colour, 0.0, 1.0)


@kernel
def lay_glasses(f: Factors, v: View, scene: Planes, row: int, first: int, last: int) -> None:
    """Glasses colour what lies behind them."""
    for column in range(first, last):
        x, y = to_plane(v, column, row)
        hx = (x - 46.0 * v.sin_yaw) / v.cos_yaw
        hy = (y - 46.0 * v.cos_yaw * v.sin_pitch) / v.cos_pitch
        if abs(hx) < 41.0:
            colour = (scene[1, row, column], scene[2, row, column], scene[3, row, column])
            colour = paint_glasses(f, hx, hy, colour)
            scene[1, row, column], scene[2, row, column], scene[3, row, column] = colour
