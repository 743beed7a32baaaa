"""Layers of hair, blended over the planes of the scene one row of pixels at a time."""

from zpoints.pipeline.synthesize.factors import Factors
from zpoints.pipeline.synthesize.render.curves import Planes, bump, kernel, ramp, tint
from zpoints.pipeline.synthesize.render.hair import behind_cover, curtain, shell_at, strand
from zpoints.pipeline.synthesize.render.planes import lay, shade
from zpoints.pipeline.synthesize.render.pose import View, to_plane
from zpoints.pipeline.synthesize.render.tones import Palette


@kernel
def lay_behind(f: Factors, v: View, hues: Palette, scene: Planes, row: int, work: Planes) -> None:
    """Draw the hair behind the neck.

    Parameters
    ----------
    f, v, hues
        Factors, pose, and colours of the image.
    scene, row
        Planes of the image, changed in place, and the row to draw.
    work
        Work array, (WORK_ROWS, columns).
    """
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
def shell_row(f: Factors, v: View, row: int, first: int, last: int, work: Planes) -> None:
    """Fill rows 8 to 12 of `work` with the hair on the skull.

    They are opacity, lift, depth, strand value and opacity of the far side, see `shell_at`.

    Parameters
    ----------
    f, v
        Factors and pose.
    row
        Row of the image.
    first, last
        Columns from `first` up to, without, `last`.
    work
        Work array, (WORK_ROWS, columns), changed in place.
    """
    cover, lift = work[8, first:last], work[9, first:last]
    depth, strands, back = work[10, first:last], work[11, first:last], work[12, first:last]
    for column in range(last - first):
        x, y = to_plane(v, first + column, row)
        seen = shell_at(f, v, x, y)
        cover[column], lift[column], depth[column], strands[column], back[column] = seen


@kernel
def lay_back(hues: Palette, scene: Planes, row: int, first: int, last: int, work: Planes) -> None:
    """Draw the far side of the hair on the skull; the near side follows the face.

    Parameters
    ----------
    hues
        Colours of the image.
    scene, row
        Planes of the image, changed in place, and the row to draw.
    first, last
        Columns from `first` up to, without, `last`.
    work
        Rows as `shell_row` fills them.
    """
    for column in range(first, last):
        if work[12, column] > 0.0 and work[8, column] < 1.0:
            colour = tint(hues.hair, 0.6 + 0.2 * work[11, column])
            lay(scene, row, column, work[12, column], -14.0, colour, 0.0, 1.0)


@kernel
def lay_shell(
    f: Factors, v: View, hues: Palette, scene: Planes, row: int, first: int, last: int, work: Planes
) -> None:
    """Draw hair on the skull, rising from the skin at the hairline, darker at the parting.

    Parameters
    ----------
    f, v, hues
        Factors, pose, and colours of the image.
    scene, row
        Planes of the image, changed in place, and the row to draw.
    first, last
        Columns from `first` up to, without, `last`.
    work
        Rows as `shell_row` fills them.
    """
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
def lay_curtain(f: Factors, v: View, hues: Palette, scene: Planes, row: int, work: Planes) -> None:
    """Draw hair that falls beside the face, and the shade that it casts.

    Parameters
    ----------
    f, v, hues
        Factors, pose, and colours of the image.
    scene, row
        Planes of the image, changed in place, and the row to draw.
    work
        Work array, (WORK_ROWS, columns).
    """
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
