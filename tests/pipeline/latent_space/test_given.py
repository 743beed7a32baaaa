"""What a newcomer passes to the front door: frames, tensors, short names, and things of no use."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import zpoints as zp
from zpoints.pipeline.errors import AnalyzeError, FigureError, SampleError, VectorError
from zpoints.pipeline.latent_space.arrays import LatentArrays

Z = np.random.default_rng(0).normal(size=(90, 4))
NAMES = [f"{'zero' if row < 45 else 'one'}/d{row:04d}.png" for row in range(90)]
FRAME = pd.DataFrame(Z, NAMES, list("wxyz"))


@pytest.fixture(scope="module")
def space() -> LatentArrays:
    return zp.open_arrays(FRAME, {"digit": np.arange(90) % 3})


def test_open_arrays__of_a_frame_has_its_index_as_names(space: LatentArrays) -> None:
    assert (space.latents["z"].sel(image=NAMES[3]).values == Z[3]).all()


def test_open_arrays__takes_tensors_and_columns_with_missing_values() -> None:
    tensor = torch.from_numpy(Z)
    nullable = pd.DataFrame({"x": pd.array([1.0, None], "Float64"), "y": [2, 3]})

    assert (zp.open_arrays(tensor).latents["z"].values == Z).all()
    found = zp.open_arrays(nullable).latents["z"].values
    np.testing.assert_array_equal(found, [[1.0, 2.0], [np.nan, 3.0]])


WRONG: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "columns of text": (
        lambda: zp.open_arrays(FRAME.assign(name="a")), VectorError, "not numbers: name",
    ),
    "a number": (lambda: zp.open_arrays(5), VectorError, r"shape \(\); expected"),
    "no finite vector": (
        lambda: zp.open_arrays(np.full((3, 2), np.nan)), VectorError, "None of the 3 vectors",
    ),
    "a tensor with a gradient": (
        lambda: zp.open_arrays(torch.ones(2, 2, requires_grad=True)), VectorError, "detach",
    ),
    "a list of labels": (lambda: zp.open_arrays(Z, [1]), VectorError, "labels are a list"),
    "labels of other names": (
        lambda: zp.open_arrays(FRAME, pd.DataFrame({"a": range(90)}, NAMES[::-1])),
        VectorError,
        r"labels\.loc\[z\.index\]",
    ),
    "claims of a number": (lambda: zp.claims(5), AnalyzeError, r"zp\.claims\(store\.statistics\)"),
    "drawing without a name": (
        lambda: zp.draw(zp.analyze(Z), "ellipse", 4), SampleError, r'call zp\.draw\("ellipse", sto',
    ),
    "drawing from vectors": (lambda: zp.draw("ellipse", Z, 4), SampleError, "Got a ndarray for"),
    "a figure that only a store has": (
        lambda: zp.pl.quality(zp.open_arrays(Z)), FigureError, "zpoints import",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_front_door__names_what_is_wrong(case: str) -> None:
    ask, error, message = WRONG[case]

    with pytest.raises(error, match=message):
        ask()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: zp.opn, r"^module 'zpoints' has no attribute 'opn'. Did you mean: 'open'\?$"),
        (lambda: zp.openstore, "has no attribute 'openstore'. Did you mean: 'open'"),
        (lambda: zp.pl.histogramm, "^module 'zpoints.pl' has no .* mean: 'histogram'"),
        (lambda: zp.open_arrays(Z).structure, "no attribute 'structure'. Only a store .*import"),
        (lambda: zp.open_arrays(Z).structur, "no attribute 'structur'$"),
        (lambda: zp.open_arrays(Z).stats, "^'LatentArrays' object .* mean: 'statistics'"),
        (lambda: zp.open_arrays(Z).recommended(), "Only a store has it"),
    ],
)
def test_attribute__unknown_is_worded_like_pythons(ask: Callable[[], Any], message: str) -> None:
    with pytest.raises(AttributeError, match=message):
        ask()


def test_neighbours__take_the_end_of_a_path(space: LatentArrays) -> None:
    short, full = space.neighbours("d0003.png", 3), space.neighbours(NAMES[3], 3)

    assert short["image"].values.tolist() == full["image"].values.tolist()


def test_neighbours__of_an_unknown_name_suggest_the_nearest(space: LatentArrays) -> None:
    with pytest.raises(VectorError, match=r"such as one/d0077\.png"):
        space.neighbours("one/d0077.pn")


def test_add__takes_a_category(space: LatentArrays) -> None:
    threes = np.arange(90) % 3 == 1

    moved = space.add("digit=1", 0)

    expected = Z[0] + Z[threes].mean(axis=0) - Z[~threes].mean(axis=0)
    np.testing.assert_allclose(moved, expected, atol=1e-12)
    with pytest.raises(SampleError, match="categories: digit=0, digit=1, digit=2"):
        space.add("digit=7", 0)


def test_histogram__draws_vectors() -> None:
    assert zp.pl.histogram(Z, component=1).axes
