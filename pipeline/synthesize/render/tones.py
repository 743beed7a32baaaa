"""Colours of skin, hair, iris and lips from the amounts of their pigments, in linear light."""

import math
from typing import NamedTuple

from zpoints.pipeline.synthesize.factors import Factors
from zpoints.pipeline.synthesize.render.curves import Colour, inlined, mix, mix3


@inlined
def _skin_tone(f: Factors) -> Colour:
    """Absorption by melanin, exponential in its amount, over a rosy or golden base."""
    m, g = 0.08 + f.melanin, f.undertone
    return (
        0.92 * math.exp(-1.85 * m),
        (0.655 + 0.03 * g) * math.exp(-2.45 * m),
        (0.535 - 0.07 * g) * math.exp(-2.85 * m),
    )


@inlined
def _hair_tone(f: Factors) -> Colour:
    """Eumelanin darkens, pheomelanin reddens, age whitens."""
    e = f.hair_melanin
    red = f.hair_red * (1.0 - 0.5 * e)
    pigment = (
        0.74 * math.exp(-4.2 * e - 0.2 * red),
        0.53 * math.exp(-4.4 * e - 0.9 * red),
        0.28 * math.exp(-4.2 * e - 1.2 * red),
    )
    return mix3(pigment, (0.31, 0.31, 0.32), 0.92 * f.gray)


@inlined
def _iris_tone(f: Factors) -> Colour:
    """From blue over green to brown."""
    light = mix3((0.16, 0.26, 0.38), (0.17, 0.24, 0.13), f.iris_green)
    return mix3(light, (0.055, 0.026, 0.012), min(1.0, 1.5 * f.iris_melanin))


@inlined
def _lip_tone(f: Factors) -> Colour:
    """Natural lips follow the skin; lipstick covers them in red or pink."""
    skin = _skin_tone(f)
    natural = (skin[0] * 0.86, skin[1] * 0.52, skin[2] * 0.56)
    stick = mix3((0.50, 0.035, 0.045), (0.60, 0.16, 0.22), f.lip_hue)
    return mix3(natural, stick, mix(0.0, 0.75, f.lipstick))


class Palette(NamedTuple):
    """Colours of one image, the same at all positions."""

    skin: tuple[float, float, float]
    hair: tuple[float, float, float]
    iris: tuple[float, float, float]
    lip: tuple[float, float, float]


@inlined
def palette(f: Factors) -> Palette:
    """Colours of skin, hair, iris and lips."""
    return Palette(_skin_tone(f), _hair_tone(f), _iris_tone(f), _lip_tone(f))
