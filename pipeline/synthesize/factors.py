"""The continuous factors of a synthetic face, and the distributions that they are drawn from."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from zpoints.pipeline.errors import SynthesisError

WINDOW = 16
"""Consecutive images that share their people."""
PEOPLE = 4
"""People per window."""
DISTINCT = 3
"""Windows at the beginning in which each image shows another person."""

# Numba's cache keys an entry kernel by its own file and argument types, and so misses changes of
# the kernels that it calls. An argument whose type contains a hash of all sources prevents that.
_SOURCES = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py")))
STAMP = np.zeros(1, [(f"sources_{hashlib.blake2b(_SOURCES, digest_size=8).hexdigest()}", "u1")])

Array = npt.NDArray[np.float64]


class Factors(NamedTuple):
    """All numbers that one image depends on; in the unit interval unless noted."""

    # the person
    masculinity: float  # 0 feminine .. 1 masculine
    age: float  # years
    melanin: float
    undertone: float  # -1 rosy .. 1 golden
    face_width: float  # relative to the mean
    jaw: float  # 0 tapered .. 1 square
    chin: float  # pixels of extra length
    cheekbones: float
    fullness: float  # 0 lean .. 1 chubby
    eye_size: float  # relative to the mean
    eye_tilt: float  # -1 .. 1, positive: outer corner up
    iris_melanin: float
    iris_green: float
    brow_thickness: float
    brow_arch: float
    nose_width: float  # relative to the mean
    nose_length: float  # relative to the mean
    lip_fullness: float
    mouth_width: float  # relative to the mean
    hair_melanin: float
    hair_red: float
    hair_curl: float
    recession: float
    bald: float
    # the day
    gray: float
    wrinkles: float
    hair_length: float
    hair_volume: float
    parting: float  # -1 image left .. 1 image right
    bangs: float
    beard: float
    moustache: float
    stubble: float
    makeup: float
    lipstick: float
    lip_hue: float  # 0 red .. 1 pink
    blush: float
    glasses: float
    tint: float
    frame: float  # 0 thin metal .. 1 thick dark
    hat: float
    earrings: float
    necklace: float
    necktie: float
    neckline: float
    cloth_red: float  # linear light
    cloth_green: float
    cloth_blue: float
    # the moment
    yaw: float  # degrees, positive: towards image right
    pitch: float  # degrees, positive: down
    roll: float  # degrees, positive: clockwise
    shift_x: float  # pixels
    shift_y: float  # pixels
    scale: float
    smile: float
    mouth_open: float
    eye_open: float
    gaze_x: float  # -1 .. 1
    gaze_y: float
    # the light and the scene
    light_azimuth: float  # degrees, positive: from image right
    light_elevation: float  # degrees above the camera
    light: float  # intensity of the key light
    ambient: float
    warmth: float  # -1 cold .. 1 warm
    back_red: float  # linear light, upper half of the background
    back_green: float
    back_blue: float
    floor_red: float  # lower half
    floor_green: float
    floor_blue: float
    glow: float  # brightness of a soft spot in the background
    glow_x: float  # -1 .. 1
    glow_y: float
    blur: float  # standard deviation in pixels


def _switch(x: Array) -> Array:
    """Nearly binary, yet continuous: 0 below -0.02, 1 above 0.02."""
    return np.clip(x * 25.0 + 0.5, 0.0, 1.0)


def _person(n: Array, u: Array) -> dict[str, Array]:
    """Factors that stay with a person, from `n` standard normal and `u` uniform (person, draw)."""
    male = (u[:, 0] < 0.42).astype(float)
    age = np.clip(31.0 + 7.0 * male + (10.0 + 2.0 * male) * n[:, 0], 17.0, 80.0)
    old = np.clip((age - 35.0) / 30.0, 0.0, 1.0)
    melanin = np.clip(0.08 + 0.7 * u[:, 1] ** 5 + 0.07 * n[:, 1], 0.0, 0.85)
    dark = 0.70 + 0.21 * n[:, 2] + 0.8 * (melanin - 0.2) + 0.05 * male
    blond = (u[:, 2] < 0.23 - 0.14 * male) & (melanin < 0.3)
    hair = np.minimum(0.34 + np.abs(dark - 0.34), 1.0) * np.where(blond, 0.45, 1.0)
    fullness = np.clip(0.3 + 0.2 * n[:, 3] + 0.15 * old, 0.0, 1.0)
    return {
        "masculinity": np.clip(male + 0.14 * n[:, 4] * (1.0 - 2.0 * male), 0.0, 1.0) * 0.9 + 0.05,
        "age": age,
        "melanin": melanin,
        "undertone": np.clip(0.1 + 0.4 * n[:, 5], -1.0, 1.0),
        "face_width": 1.0 + 0.03 * male + 0.035 * n[:, 6] + 0.05 * (fullness - 0.3),
        "jaw": np.clip(0.28 + 0.3 * male + 0.15 * n[:, 7] + 0.3 * (fullness - 0.3), 0.0, 1.0),
        "chin": 0.5 + 1.5 * male + 2.0 * n[:, 8],
        "cheekbones": np.clip(0.55 - 0.15 * male + 0.22 * n[:, 9], 0.0, 1.0),
        "fullness": fullness,
        "eye_size": 1.03 - 0.06 * male + 0.06 * n[:, 10],
        "eye_tilt": np.clip(0.15 - 0.15 * male + 0.4 * n[:, 11], -1.0, 1.0),
        "iris_melanin": np.clip(hair - 0.05 + 0.25 * n[:, 12] + melanin, 0.0, 1.0),
        "iris_green": np.clip(0.3 + 0.3 * n[:, 13], 0.0, 1.0),
        "brow_thickness": np.clip(0.38 + 0.28 * male + 0.16 * n[:, 14], 0.05, 1.0),
        "brow_arch": np.clip(0.6 - 0.38 * male + 0.2 * n[:, 15], 0.0, 1.0),
        "nose_width": 0.97 + 0.1 * male + 0.08 * n[:, 16] + 0.3 * (melanin - 0.2),
        "nose_length": 1.0 + 0.02 * male + 0.04 * n[:, 17],
        "lip_fullness": np.clip(
            0.48 - 0.16 * male + 0.16 * n[:, 18] + 0.5 * (melanin - 0.2), 0.02, 1.0
        ),
        "mouth_width": 1.0 + 0.02 * male + 0.05 * n[:, 19],
        "hair_melanin": hair,
        "hair_red": np.clip(0.25 + 0.28 * n[:, 20] - 0.5 * melanin, 0.0, 1.0),
        "hair_curl": np.clip(0.38 + 0.28 * n[:, 21] + 0.3 * melanin, 0.0, 1.0),
        "recession": np.clip(
            male * (0.18 + 0.3 * n[:, 22] + 0.6 * old) + 0.1 + 0.08 * n[:, 23], 0.0, 1.0
        ),
        "bald": male * _switch(n[:, 24] - 1.75 + 0.7 * old),
    }


def _day(p: dict[str, Array], n: Array, u: Array) -> dict[str, Array]:
    """Factors of hair style, make-up and clothes, given the person `p` of each image."""
    male, age = p["masculinity"], p["age"]
    female = 1.0 - male
    old = np.clip((age - 30.0) / 35.0, 0.0, 1.0)
    makeup = np.clip(female * (0.60 + 0.3 * n[:, 0]) - 0.04, 0.0, 1.0)
    hirsute = np.clip((male - 0.5) * 2.4, 0.0, 1.0)
    beard = hirsute * np.clip(0.85 * n[:, 1] - 0.75, 0.0, 1.0)
    glow = np.stack([u[:, 3], u[:, 3], u[:, 3]]) ** 2.2
    cloth = 0.015 + 0.75 * glow * (0.35 + 0.65 * u[:, 4:7].T)
    formal = hirsute * _switch(2.0 * (n[:, 2] - 0.85))
    tie_cloth = (1.0 - formal) * cloth + formal * np.array([[0.02], [0.022], [0.03]])
    long = np.clip(female * 1.05 - 0.1 + female * 0.22 * n[:, 3] + 0.07 * n[:, 4], 0.02, 1.0)
    return {
        "gray": np.clip((age - 46.0) / 22.0 + 0.3 * n[:, 5] - 0.35 * female, 0.0, 1.0)
        * np.clip((age - 30.0) / 14.0, 0.0, 1.0),
        "wrinkles": np.clip(old + 0.1 * n[:, 6], 0.0, 1.0),
        "hair_length": long,
        "hair_volume": np.clip(0.3 + 0.22 * female + 0.2 * n[:, 7] - 0.15 * old, 0.0, 1.0),
        "parting": np.clip(0.5 * n[:, 8], -1.0, 1.0),
        "bangs": np.clip(0.9 * n[:, 9] - 0.45 - 0.35 * male, 0.0, 1.0) * (1.0 - p["bald"]),
        "beard": beard,
        "moustache": hirsute * np.clip(1.2 * beard + 0.45 * n[:, 10] - 0.42, 0.0, 1.0),
        "stubble": hirsute * np.clip(0.3 + 0.35 * n[:, 11], 0.0, 1.0),
        "makeup": makeup,
        "lipstick": np.clip(makeup * 1.25 + 0.16 * n[:, 12] - 0.08, 0.0, 1.0)
        * np.clip(2.0 * female, 0.0, 1.0),
        "lip_hue": u[:, 0],
        "blush": np.clip(0.25 + 0.2 * n[:, 13] + 0.3 * makeup, 0.0, 1.0),
        "glasses": _switch(n[:, 14] - 1.85 + 0.35 * male + 0.6 * old),
        "tint": _switch(n[:, 15] - 0.8) * (0.3 + 0.6 * u[:, 1]),
        "frame": u[:, 2],
        "hat": _switch(n[:, 16] - 1.85 + 0.35 * male),
        "earrings": _switch(n[:, 17] - 0.42 - 1.9 * male),
        "necklace": _switch(n[:, 18] - 0.75 - 1.5 * male),
        "necktie": formal * (p["age"] > 0),
        "neckline": np.clip(0.3 + 0.3 * female + 0.22 * n[:, 19], 0.05, 1.0) * (1.0 - formal),
        "cloth_red": tie_cloth[0],
        "cloth_green": tie_cloth[1],
        "cloth_blue": tie_cloth[2],
    }


def _moment(p: dict[str, Array], n: Array, u: Array) -> dict[str, Array]:
    """Factors of pose, expression, light and background."""
    smile = np.clip(0.5 + 0.42 * n[:, 0] - 0.12 * p["masculinity"], 0.0, 1.0)
    roll = np.clip(3.0 * n[:, 3], -9.0, 9.0)
    gray = 0.015 + 0.5 * u[:, 0] ** 2
    back = np.clip(gray * (1.0 + 0.55 * (u[:, 1:4].T - 0.5)), 0.01, 0.9)
    floor = np.clip(back * (0.45 + 0.8 * u[:, 4]), 0.008, 0.9)
    return {
        "yaw": np.clip(11.0 * n[:, 1], -32.0, 32.0),
        "pitch": np.clip(1.0 + 4.0 * n[:, 2], -9.0, 11.0),
        "roll": roll,
        "shift_x": 0.8 * n[:, 4],
        "shift_y": 0.8 * n[:, 5],
        "scale": 1.0 + 0.02 * n[:, 6],
        "smile": smile,
        "mouth_open": np.clip(0.62 * smile - 0.18 + 0.28 * n[:, 7], 0.0, 1.0),
        "eye_open": np.clip(0.80 - 0.16 * smile + 0.14 * n[:, 8], 0.15, 1.0),
        "gaze_x": np.clip(0.3 * n[:, 9], -1.0, 1.0),
        "gaze_y": np.clip(0.2 * n[:, 10], -1.0, 1.0),
        "light_azimuth": np.clip(28.0 * n[:, 11], -65.0, 65.0),
        "light_elevation": np.clip(30.0 + 12.0 * n[:, 12], 2.0, 60.0),
        "light": np.clip(1.0 + 0.16 * n[:, 13], 0.6, 1.5),
        "ambient": np.clip(0.42 + 0.12 * n[:, 14], 0.15, 0.75),
        "warmth": np.clip(0.15 + 0.4 * n[:, 15], -1.0, 1.0),
        "back_red": back[0],
        "back_green": back[1],
        "back_blue": back[2],
        "floor_red": floor[0],
        "floor_green": floor[1],
        "floor_blue": floor[2],
        "glow": np.clip(0.35 * n[:, 16], 0.0, 1.0),
        "glow_x": 2.0 * u[:, 5] - 1.0,
        "glow_y": 2.0 * u[:, 6] - 1.0,
        "blur": np.clip(0.55 * n[:, 17] - 0.2, 0.0, 1.8) + 0.01 * n[:, 18] ** 2,
    }


def _window(seed: int, window: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Identities and factors of one window of consecutive images."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, window))))
    who = rng.integers(0, PEOPLE, WINDOW) if window >= DISTINCT else np.arange(WINDOW)
    person = _person(rng.standard_normal((WINDOW, 25)), rng.random((WINDOW, 3)))
    person = {name: values[who] for name, values in person.items()}
    day = _day(person, rng.standard_normal((WINDOW, 20)), rng.random((WINDOW, 7)))
    moment = _moment(person, rng.standard_normal((WINDOW, 19)), rng.random((WINDOW, 7)))
    columns = person | day | moment
    values = np.stack([columns[name] for name in Factors._fields], axis=1)
    return window * WINDOW + who + 1, values.astype(np.float32)


def draw_factors(count: int, seed: int = 0) -> pd.DataFrame:
    """Draw the factors of images 1 to `count`.

    Row i is a pure function of (`seed`, i). People are drawn in windows of 16 consecutive images,
    up to four people a window, and each image shows one of them at random. In the first three
    windows each image shows another person, so that even tiny trees can be split by identity.

    Returns
    -------
    pandas.DataFrame
        ``count`` rows; column ``identity`` (int64), then the fields of `Factors` (float32).

    Examples
    --------
    >>> ten = draw_factors(10, seed=3)
    >>> ten.equals(draw_factors(25, seed=3).head(10))
    True
    """
    windows = [_window(seed, window) for window in range(max(1, -(-count // WINDOW)))]
    values = np.concatenate([rows for _, rows in windows])
    frame = pd.DataFrame(values, columns=list(Factors._fields))
    frame.insert(0, "identity", np.concatenate([who for who, _ in windows]))
    return frame.head(count)


def to_rows(factors: pd.DataFrame) -> Array:
    """Factors as the kernels take them: (image, factor) float64, in the order of `Factors`.

    Raises
    ------
    SynthesisError
        If a factor is missing or not finite.
    """
    missing = [name for name in Factors._fields if name not in factors]
    if missing:
        raise SynthesisError(f"factors lack the columns {missing}; start from draw_factors()")
    rows = factors[list(Factors._fields)].to_numpy(np.float64)
    if not np.isfinite(rows).all():
        raise SynthesisError("factors must be finite numbers, got NaN or infinity")
    return rows
