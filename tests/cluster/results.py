"""Compares the results of runs on different clusters."""

import numpy as np

from zpoints.storage import Store


def assert_same_results(store: Store, expected: Store) -> None:
    """Assert that latents and samples of two stores are equal to the bit."""
    np.testing.assert_array_equal(store.latents["z"], expected.latents["z"])
    for name in expected.sample_names:
        for variable in ("z", "v", "pixels"):
            np.testing.assert_array_equal(
                store.samples(name)[variable], expected.samples(name)[variable]
            )
