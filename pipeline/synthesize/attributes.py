"""CelebA's 40 attributes as thresholds on the factors, at about CelebA's base rates."""

from collections.abc import Callable

import pandas as pd


def _male(f: pd.DataFrame) -> pd.Series:
    return f.masculinity > 0.5


def _hatless(f: pd.DataFrame) -> pd.Series:
    return (f.hat < 0.5) & (f.bald < 0.5)


def _cheer(f: pd.DataFrame) -> pd.Series:
    return f.cheekbones + 0.9 * f.smile - 0.4 * f.fullness


def _charm(f: pd.DataFrame) -> pd.Series:
    return 0.9 * f.makeup - f.wrinkles - 0.8 * f.fullness - 0.6 * f.glasses - 0.5 * f.bald


RULES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "5_o_Clock_Shadow": lambda f: (f.stubble > 0.43) & (f.beard < 0.35),
    "Arched_Eyebrows": lambda f: f.brow_arch > 0.62,
    "Attractive": lambda f: _charm(f) > -0.22,
    "Bags_Under_Eyes": lambda f: f.wrinkles + 0.2 * f.masculinity > 0.50,
    "Bald": lambda f: f.bald > 0.5,
    "Bangs": lambda f: (f.bangs > 0.30) & _hatless(f),
    "Big_Lips": lambda f: f.lip_fullness > 0.55,
    "Big_Nose": lambda f: f.nose_width > 1.09,
    "Black_Hair": lambda f: (f.hair_melanin > 0.85) & (f.gray < 0.38) & _hatless(f),
    "Blond_Hair": lambda f: (f.hair_melanin < 0.40) & (f.gray < 0.38) & _hatless(f),
    "Blurry": lambda f: f.blur > 0.75,
    "Brown_Hair": lambda f: f.hair_melanin.between(0.57, 0.75) & (f.gray < 0.38) & _hatless(f),
    "Bushy_Eyebrows": lambda f: f.brow_thickness > 0.73,
    "Chubby": lambda f: f.fullness > 0.645,
    "Double_Chin": lambda f: f.fullness + 0.2 * f.wrinkles > 0.74,
    "Eyeglasses": lambda f: f.glasses > 0.5,
    "Goatee": lambda f: f.beard.between(0.1, 0.8),
    "Gray_Hair": lambda f: (f.gray > 0.38) & _hatless(f),
    "Heavy_Makeup": lambda f: f.makeup > 0.39,
    "High_Cheekbones": lambda f: _cheer(f) > 0.78,
    "Male": _male,
    "Mouth_Slightly_Open": lambda f: f.mouth_open > 0.13,
    "Mustache": lambda f: f.moustache > 0.30,
    "Narrow_Eyes": lambda f: f.eye_open < 0.54,
    "No_Beard": lambda f: (f.beard < 0.1) & (f.moustache < 0.3) & (f.stubble < 0.62),
    "Oval_Face": lambda f: (f.jaw < 0.32) & (f.fullness < 0.42),
    "Pale_Skin": lambda f: f.melanin + 0.1 * f.undertone < -0.003,
    "Pointy_Nose": lambda f: f.nose_width < 0.94,
    "Receding_Hairline": lambda f: (f.recession > 0.67) & _hatless(f),
    "Rosy_Cheeks": lambda f: (f.blush > 0.66) & ~_male(f),
    "Sideburns": lambda f: f.beard > 0.18,
    "Smiling": lambda f: f.smile > 0.47,
    "Straight_Hair": lambda f: (f.hair_curl < 0.225) & _hatless(f),
    "Wavy_Hair": lambda f: (f.hair_curl > 0.40) & (f.hair_length > 0.25) & _hatless(f),
    "Wearing_Earrings": lambda f: f.earrings > 0.5,
    "Wearing_Hat": lambda f: f.hat > 0.5,
    "Wearing_Lipstick": lambda f: f.lipstick > 0.26,
    "Wearing_Necklace": lambda f: f.necklace > 0.5,
    "Wearing_Necktie": lambda f: f.necktie > 0.5,
    "Young": lambda f: f.age < 42.1,
}


def attributes(factors: pd.DataFrame) -> pd.DataFrame:
    """Boolean attributes of each image; columns in CelebA's official order.

    Examples
    --------
    >>> from zpoints.pipeline.synthesize.factors import draw_factors
    >>> attributes(draw_factors(5)).shape
    (5, 40)
    """
    return pd.DataFrame({name: rule(factors).astype(bool) for name, rule in RULES.items()})
