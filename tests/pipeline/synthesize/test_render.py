"""Pictures: pure functions of their factors, smooth in them, with features at the landmarks."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from zpoints.pipeline.synthesize import draw_factors, render
from zpoints.pipeline.synthesize.factors import to_rows
from zpoints.pipeline.synthesize.render.scene import Renderer

CALM = {
    "glasses": 0.0,
    "hat": 0.0,
    "bangs": 0.0,
    "blur": 0.0,
    "makeup": 0.0,
    "eye_open": 0.9,
    "gaze_x": 0.0,
    "gaze_y": 0.0,
    "mouth_open": 0.0,
}


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    return draw_factors(40, seed=7)


@pytest.fixture(scope="module")
def images(drawn: pd.DataFrame) -> npt.NDArray[np.uint8]:
    return render(drawn)


def test_render__gives_photographs_of_celebas_size(images: npt.NDArray[np.uint8]) -> None:
    assert images.shape == (40, 218, 178, 3)
    assert images.dtype == np.uint8
    assert images.std(axis=(1, 2, 3)).min() > 15


def test_render__of_no_rows_is_empty(drawn: pd.DataFrame) -> None:
    assert render(drawn.head(0)).shape == (0, 218, 178, 3)


def test_render__does_not_depend_on_order(
    drawn: pd.DataFrame, images: npt.NDArray[np.uint8]
) -> None:
    order = np.random.default_rng(0).permutation(len(drawn))
    np.testing.assert_array_equal(render(drawn.iloc[order]), images[order])


def test_render__distinguishes_people(images: npt.NDArray[np.uint8]) -> None:
    first, second = images[:20].astype(float), images[20:].astype(float)
    assert np.abs(first - second).mean(axis=(1, 2, 3)).min() > 8


@pytest.mark.parametrize(
    ("factor", "step"),
    [
        ("yaw", 0.5),
        ("pitch", 0.5),
        ("roll", 0.5),
        ("smile", 0.02),
        ("mouth_open", 0.02),
        ("eye_open", 0.02),
        ("hair_length", 0.02),
        ("hair_melanin", 0.02),
        ("bangs", 0.02),
        ("recession", 0.02),
        ("beard", 0.02),
        ("melanin", 0.01),
        ("light_azimuth", 1.0),
        ("light_elevation", 1.0),
        ("face_width", 0.005),
        ("wrinkles", 0.02),
        ("blur", 0.05),
    ],
)
def test_render__is_smooth_in(factor: str, step: float, drawn: pd.DataFrame) -> None:
    base = drawn.head(12)
    before = render(base).astype(float)
    near = render(base.assign(**{factor: base[factor] + step})).astype(float)
    far = render(base.assign(**{factor: base[factor] + 4 * step})).astype(float)
    small = np.abs(near - before).mean(axis=(1, 2, 3))
    large = np.abs(far - before).mean(axis=(1, 2, 3))
    assert small.max() < 2.5
    assert small.mean() < 0.6 * large.mean()


def test_renderer__landmarks_are_where_the_eyes_are_drawn(drawn: pd.DataFrame) -> None:
    calm = drawn.assign(**CALM, iris_melanin=1.0, melanin=0.0)
    renderer = Renderer()
    for row in to_rows(calm):
        image, points = renderer(row)
        grey = image.astype(float).mean(axis=2)
        for column, line in points[:2]:
            eye = grey[line - 2 : line + 3, column - 3 : column + 4].mean()
            cheek = grey[line + 12 : line + 18, column - 3 : column + 4].mean()
            assert eye < 0.75 * cheek


def test_renderer__eyes_are_at_celebas_aligned_positions(drawn: pd.DataFrame) -> None:
    renderer = Renderer()
    points = np.stack([renderer(row)[1] for row in to_rows(drawn)])
    np.testing.assert_allclose(points[:, 0].mean(axis=0), (69, 111), atol=2.0)
    np.testing.assert_allclose(points[:, 1].mean(axis=0), (108, 111), atol=2.0)
    assert (points[:, 2, 1] > points[:, 0, 1]).all()
    assert (points[:, 3, 1] > points[:, 2, 1]).all()
    assert (points[:, 3, 0] < points[:, 4, 0]).all()


@pytest.mark.parametrize(
    ("factor", "low", "high", "region", "brighter"),
    [
        ("glasses", 0.0, 1.0, np.s_[100:125, 50:130], False),
        ("beard", 0.0, 1.0, np.s_[165:182, 75:103], False),
        ("melanin", 0.0, 0.8, np.s_[75:95, 75:103], False),
        ("light", 0.7, 1.4, np.s_[75:160, 60:118], True),
        ("back_red", 0.05, 0.8, np.s_[0:20, 0:20], True),
    ],
)
def test_render__shows_the_factor(
    factor: str, low: float, high: float, region: tuple[slice, slice], brighter: bool
) -> None:
    face = draw_factors(40, seed=7).head(8).assign(**CALM, hair_melanin=1.0, tint=0.8, yaw=0.0)
    change = render(face.assign(**{factor: high})).astype(float) - render(
        face.assign(**{factor: low})
    )
    means = change[(slice(None), *region)].mean(axis=(1, 2, 3))
    assert (means > 0).all() if brighter else (means < 0).all()
