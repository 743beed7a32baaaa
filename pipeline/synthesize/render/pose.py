"""Transformations between image pixels and coordinates of the head.

Coordinates of the head are in pixels of the frontal photograph: X to the right of the image, Y
down, Z towards the camera. The origin is on the vertical axis of the head at the height of the
eyes. The camera is orthographic. Positions in the camera plane have the same unit and origin.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from zpoints.pipeline.synthesize.factors import Factors
from zpoints.pipeline.synthesize.render.curves import inlined

WIDTH, HEIGHT = 178, 218
EYE_MIDDLE = (88.5, 111.0)
EYE_X = 19.5
EYE_Z = 43.0
HEAD_HALF_HEIGHT = 72.0
HEAD_DEPTH = 50.0
NOSE_TIP_Y = 27.0
MOUTH_Y = 42.5


class View(NamedTuple):
    """Rotation of the head, and the similarity that places it in the image.

    Attributes
    ----------
    cos_yaw, sin_yaw, cos_pitch, sin_pitch, cos_roll, sin_roll
        Of the angles of the head.
    origin_x, origin_y
        Image position of the origin of the head, pixels.
    zoom
        Pixels of the image per pixel of the head.
    """

    cos_yaw: float
    sin_yaw: float
    cos_pitch: float
    sin_pitch: float
    cos_roll: float
    sin_roll: float
    origin_x: float
    origin_y: float
    zoom: float


@inlined
def view_of(f: Factors) -> View:
    """Pose that keeps the middle of the eyes at its position in CelebA's alignment."""
    yaw, pitch, roll = math.radians(f.yaw), math.radians(f.pitch), math.radians(f.roll)
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    cr, sr = math.cos(roll), math.sin(roll)
    zoom = f.scale / math.sqrt(cy)
    x, y = 0.75 * EYE_Z * sy, EYE_Z * cy * sp
    origin_x = EYE_MIDDLE[0] + f.shift_x - zoom * (cr * x - sr * y)
    origin_y = EYE_MIDDLE[1] + f.shift_y - zoom * (sr * x + cr * y)
    return View(cy, sy, cp, sp, cr, sr, origin_x, origin_y, zoom)


@inlined
def to_plane(v: View, column: int, row: int) -> tuple[float, float]:
    """Position in the camera plane of an image position.

    Parameters
    ----------
    v
        Pose.
    column, row
        Image position, pixels.

    Returns
    -------
    tuple
        x, y in pixels of the head.
    """
    x, y = (column - v.origin_x) / v.zoom, (row - v.origin_y) / v.zoom
    return v.cos_roll * x + v.sin_roll * y, v.cos_roll * y - v.sin_roll * x


@inlined
def to_head(v: View, x: float, y: float, t: float) -> tuple[float, float, float]:
    """Coordinates of the head of a point above the camera plane.

    Parameters
    ----------
    v
        Pose.
    x, y
        Position in the camera plane, pixels of the head.
    t
        Distance of the point from the plane, towards the camera.

    Returns
    -------
    tuple
        X, Y, Z.
    """
    z = y * v.sin_pitch + t * v.cos_pitch
    return (
        x * v.cos_yaw - z * v.sin_yaw,
        y * v.cos_pitch - t * v.sin_pitch,
        x * v.sin_yaw + z * v.cos_yaw,
    )


@inlined
def to_image(v: View, x: float, y: float, z: float) -> tuple[float, float]:
    """Image position of a point.

    Parameters
    ----------
    v
        Pose.
    x, y, z
        Coordinates of the head.

    Returns
    -------
    tuple
        Column, row, in pixels.
    """
    px = x * v.cos_yaw + z * v.sin_yaw
    py = y * v.cos_pitch + (z * v.cos_yaw - x * v.sin_yaw) * v.sin_pitch
    return (
        v.origin_x + v.zoom * (v.cos_roll * px - v.sin_roll * py),
        v.origin_y + v.zoom * (v.sin_roll * px + v.cos_roll * py),
    )


@inlined
def section(v: View, x: float, a2: float, c2: float) -> tuple[float, float]:
    """Intersection of a ray with a horizontal section of the head, an ellipse X^2/a2 + Z^2/c2 = 1.

    Parameters
    ----------
    v
        Pose.
    x
        Position of the ray in the camera plane.
    a2, c2
        Squared half-axes, across and deep.

    Returns
    -------
    tuple
        Depth in the frame turned by the yaw, and the squared half-extent of the ellipse in x.
        Beside the ellipse the depth of its edge is extrapolated.
    """
    s, c = v.sin_yaw, v.cos_yaw
    extent2 = s * s * c2 + c * c * a2
    room = max(a2 * c2 * (extent2 - x * x), 0.0)
    return (math.sqrt(room) - x * s * c * (a2 - c2)) / extent2, extent2


@inlined
def _head_axes(f: Factors, y: float) -> tuple[float, float]:
    """Squared half-axes (across, deep) of the horizontal section of the skull at height `y`."""
    down = max(y, 0.0)
    u = y / (HEAD_HALF_HEIGHT + f.chin * min(down, 1.0))
    u2 = min(u * u, 0.999)
    square = 0.35 + (0.55 * f.jaw - 0.28) * min(down, 1.0)
    across = 42.0 * f.face_width * (1.0 - (0.0019 - 0.0014 * f.fullness) * down)
    a2 = across * across * (1.0 - u2 - square * (u2 * u2 - u2))
    c2 = HEAD_DEPTH * HEAD_DEPTH * (1.0 - u2 * (0.22 + 0.78 * u2))
    return a2, c2


@inlined
def hit_head(f: Factors, v: View, x: float, y: float) -> tuple[float, float]:
    """Intersection of a ray with the bare skull.

    Parameters
    ----------
    f, v
        Factors and pose.
    x, y
        Position of the ray in the camera plane.

    Returns
    -------
    tuple
        Distance of the point from the plane, and distance (pixels) to the outline, inside > 0.
    """
    a2, c2 = _head_axes(f, (y - 38.0 * v.sin_pitch) / v.cos_pitch)
    z, _ = section(v, x, a2, c2)
    a2, c2 = _head_axes(f, (y - z * v.sin_pitch) / v.cos_pitch)
    again, _ = section(v, x, a2, c2)
    a2, c2 = _head_axes(f, (y - 0.5 * (z + again) * v.sin_pitch) / v.cos_pitch)
    z, extent2 = section(v, x, a2, c2)
    height = (y - z * v.sin_pitch) / v.cos_pitch
    low = HEAD_HALF_HEIGHT + f.chin * min(max(height, 0.0), 1.0) - abs(height)
    side = math.sqrt(extent2) - abs(x)
    round_ = max(side, 0.0) * max(low, 0.0) / math.sqrt(side * side + low * low + 1e-6)
    return (z - y * v.sin_pitch) / v.cos_pitch, min(min(side, low), 0.0) + round_


@inlined
def mouth_corner(f: Factors) -> tuple[float, float]:
    """Half-width of the mouth and height of its corners, coordinates of the head."""
    half = 15.5 * f.mouth_width * (1.0 + 0.25 * f.smile - 0.05 * f.mouth_open)
    return half, MOUTH_Y + 1.5 - 4.5 * f.smile


@inlined
def mark(f: Factors, v: View, points: npt.NDArray[np.float64]) -> None:
    """Compute the landmarks.

    Parameters
    ----------
    f, v
        Factors and pose.
    points
        Output, (5, 2): image positions x, y of left eye, right eye, tip of the nose, left and right
        corner of the mouth.
    """
    half, corner = mouth_corner(f)
    points[0, 0], points[0, 1] = to_image(v, -EYE_X, 0.0, EYE_Z)
    points[1, 0], points[1, 1] = to_image(v, EYE_X, 0.0, EYE_Z)
    points[2, 0], points[2, 1] = to_image(v, 0.0, NOSE_TIP_Y * f.nose_length, HEAD_DEPTH + 11.0)
    points[3, 0], points[3, 1] = to_image(v, -half, corner, EYE_Z - 1.0)
    points[4, 0], points[4, 1] = to_image(v, half, corner, EYE_Z - 1.0)
