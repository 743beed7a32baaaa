"""What a latent space shows leads on to what one can ask of it."""

import re

import numpy as np
import pytest

import zpoints as zp
from zpoints.pipeline.latent_space.arrays import LatentArrays


@pytest.fixture
def space() -> LatentArrays:
    z = np.random.default_rng(0).normal(size=(300, 4))
    return zp.open_arrays(z, {"tall": z[:, 0] > 0})


@pytest.mark.parametrize("shown", [repr, lambda space: space._repr_html_()], ids=["text", "html"])
def test_repr__leads_to_questions_that_exist_and_to_the_figures(space: LatentArrays, shown) -> None:
    hint = shown(space)[shown(space).index("Ask ") :]

    named = re.findall(r"\.([a-z]+),", hint)
    assert len(named) > 5
    assert set(named) <= set(dir(space))
    assert "zpoints.pl" in hint


def test_walk_and_add__return_described_vectors(space: LatentArrays) -> None:
    for vectors in (space.walk(0, 1), space.add("tall", 0, [1, 2])):
        assert vectors.attrs == {"long_name": "latent vector", "units": "1"}
