"""The photographs that stand for a store, above their reconstructions."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.figures.inputs import held_out_pair


def plain(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.tile(values[:, None, None, None], (1, 16, 16, 3))


def test_held_out_pair__shows_several_classes_of_a_folder_that_is_sorted_by_class() -> None:
    values = np.repeat([10, 120, 240], 100).astype(np.uint8)  # a class per brightness
    store: Any = SimpleNamespace(
        images=xr.Dataset({"pixels": (("image", "y", "x", "channel"), plain(values))}),
        latents=xr.Dataset(
            {"z": (("image", "component"), np.tile(values / np.float32(255), (2, 1)).T)},
            {"split": ("image", np.full(300, "test"))},
        ),
        decode=lambda z: plain((z.values[:, 0] * 255).round().astype(np.uint8)),
    )

    originals, decoded = held_out_pair(store)

    assert set(np.unique(originals)) == {10, 120, 240}
    np.testing.assert_array_equal(originals, decoded)
