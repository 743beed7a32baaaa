"""The factors: independent of count, correlated as in life, attributes at CelebA's rates."""

import numpy as np
import pandas as pd
import pytest

from zpoints.pipeline.errors import SynthesisError
from zpoints.pipeline.synthesize import Factors, draw_factors, render
from zpoints.pipeline.synthesize.attributes import attributes

OFFICIAL_NAMES = [
    "5_o_Clock_Shadow",
    "Arched_Eyebrows",
    "Attractive",
    "Bags_Under_Eyes",
    "Bald",
    "Bangs",
    "Big_Lips",
    "Big_Nose",
    "Black_Hair",
    "Blond_Hair",
    "Blurry",
    "Brown_Hair",
    "Bushy_Eyebrows",
    "Chubby",
    "Double_Chin",
    "Eyeglasses",
    "Goatee",
    "Gray_Hair",
    "Heavy_Makeup",
    "High_Cheekbones",
    "Male",
    "Mouth_Slightly_Open",
    "Mustache",
    "Narrow_Eyes",
    "No_Beard",
    "Oval_Face",
    "Pale_Skin",
    "Pointy_Nose",
    "Receding_Hairline",
    "Rosy_Cheeks",
    "Sideburns",
    "Smiling",
    "Straight_Hair",
    "Wavy_Hair",
    "Wearing_Earrings",
    "Wearing_Hat",
    "Wearing_Lipstick",
    "Wearing_Necklace",
    "Wearing_Necktie",
    "Young",
]

# Share of the 202,599 photographs that carry the attribute, from CelebA's published annotations.
OFFICIAL_RATES = dict(
    zip(
        OFFICIAL_NAMES,
        [
            *(0.111, 0.267, 0.513, 0.205, 0.022, 0.152, 0.241, 0.235, 0.239, 0.148),
            *(0.051, 0.205, 0.142, 0.058, 0.047, 0.065, 0.063, 0.042, 0.387, 0.455),
            *(0.417, 0.483, 0.042, 0.115, 0.835, 0.284, 0.043, 0.277, 0.080, 0.066),
            *(0.057, 0.482, 0.208, 0.320, 0.189, 0.048, 0.472, 0.123, 0.073, 0.774),
        ],
        strict=True,
    )
)


@pytest.fixture(scope="module")
def factors() -> pd.DataFrame:
    return draw_factors(12_000, seed=1)


@pytest.fixture(scope="module")
def table(factors: pd.DataFrame) -> pd.DataFrame:
    return attributes(factors)


@pytest.mark.parametrize("count", [1, 15, 16, 17, 100])
def test_draw_factors__rows_do_not_depend_on_count(count: int) -> None:
    pd.testing.assert_frame_equal(draw_factors(count, 4), draw_factors(130, 4).head(count))


def test_draw_factors__seed_decides() -> None:
    assert not draw_factors(16, 0)["yaw"].equals(draw_factors(16, 1)["yaw"])


def test_draw_factors__identity_keeps_the_person_and_varies_the_moment() -> None:
    drawn = draw_factors(320, seed=2)
    counts = drawn["identity"].value_counts()
    album = drawn[drawn["identity"] == counts.index[0]]
    assert len(album) > 2
    for name in ("masculinity", "melanin", "face_width", "jaw", "hair_melanin", "iris_melanin"):
        assert album[name].nunique() == 1, name
    for name in ("yaw", "smile", "light_azimuth", "back_red"):
        assert album[name].nunique() == len(album), name


def test_draw_factors__are_finite_and_continuous(factors: pd.DataFrame) -> None:
    values = factors[list(Factors._fields)]
    assert np.isfinite(values.to_numpy()).all()
    assert values["smile"].nunique() > 8_000


@pytest.mark.parametrize(
    ("first", "second", "sign"),
    [
        ("masculinity", "hair_length", -1),
        ("masculinity", "lipstick", -1),
        ("masculinity", "beard", 1),
        ("age", "gray", 1),
        ("age", "wrinkles", 1),
        ("age", "recession", 1),
        ("age", "glasses", 1),
        ("smile", "mouth_open", 1),
        ("melanin", "hair_melanin", 1),
        ("hair_melanin", "iris_melanin", 1),
    ],
)
def test_draw_factors__correlate_as_in_life(
    factors: pd.DataFrame, first: str, second: str, sign: int
) -> None:
    assert sign * factors[first].corr(factors[second]) > 0.08


def test_attributes__are_the_official_forty_in_order(table: pd.DataFrame) -> None:
    assert list(table.columns) == OFFICIAL_NAMES
    assert all(pd.api.types.is_bool_dtype(kind) for kind in table.dtypes)


@pytest.mark.parametrize("name", OFFICIAL_NAMES)
def test_attributes__rates_are_near_celebas(table: pd.DataFrame, name: str) -> None:
    official = OFFICIAL_RATES[name]
    assert table[name].mean() == pytest.approx(official, rel=0.25, abs=0.015)


def test_attributes__exclude_each_other(table: pd.DataFrame) -> None:
    colours = table[["Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Bald", "Wearing_Hat"]]
    assert not (
        (colours[["Bald"]].any(axis=1)) & colours[["Black_Hair", "Gray_Hair"]].any(axis=1)
    ).any()
    assert (colours.iloc[:, :4].sum(axis=1) <= 1).all()
    assert not (table["No_Beard"] & table["Goatee"]).any()


def test_render__refuses_missing_and_nan_factors() -> None:
    drawn = draw_factors(1)
    with pytest.raises(SynthesisError, match="finite"):
        render(drawn.assign(yaw=np.nan))
    with pytest.raises(SynthesisError, match="smile"):
        render(drawn.drop(columns="smile"))
