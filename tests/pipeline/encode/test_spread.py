"""Directions that vectors vary along: sound, collapsed, partly collapsed."""

import numpy as np
import pytest

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.spread import Spread


def vectors(count: int, components: int, varying: int, *, noise: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(count + varying)
    axes = np.linalg.qr(rng.standard_normal((components, components)))[0][:varying]
    z = 3.0 + rng.standard_normal((count, varying)) @ axes
    return (z + noise * rng.standard_normal(z.shape)).astype(np.float32)


@pytest.mark.parametrize(
    ("count", "components", "varying", "message"),
    [
        (200, 16, 16, ""),
        (200, 16, 8, ""),
        (200, 16, 7, "partly collapsed: they vary along 7 of 16 directions only"),
        (200, 16, 0, "all are equal"),
        (10, 16, 9, ""),
        (10, 16, 2, "along 2 of 16"),
        (2, 16, 1, ""),
        (2, 16, 0, "all are equal"),
        (1, 16, 0, ""),
    ],
)
@pytest.mark.parametrize("noise", [0.0, 1e-7])
def test_spread__tells_what_has_collapsed(
    count: int, components: int, varying: int, message: str, noise: float
) -> None:
    z = vectors(count, components, varying, noise=noise)

    for found in (Spread.of(z), Spread.from_statistics(analyze(z))):
        assert found.varying == varying
        assert message in found.message
        assert found.collapsed == bool(message)
        assert ("lower train.learning_rate" in found.message) == bool(message)


def test_spread__leaves_out_vectors_that_are_not_finite() -> None:
    z = vectors(200, 16, 16)
    z[3, 4], z[5, 6] = np.nan, np.inf

    assert Spread.of(z).vectors == 198
    assert not Spread.of(z).collapsed
    assert not Spread.of(z * np.nan).collapsed
    assert Spread.of(np.zeros((9, 4))).message
