"""What must be the same, wherever a run computes."""

import numpy as np

from zpoints.storage import Store


def assert_same_results(store: Store, expected: Store) -> None:
    """The latents of two stores, and all samples of the second, are equal to the last bit."""
    np.testing.assert_array_equal(store.latents["z"], expected.latents["z"])
    for name in expected.sample_names:
        for variable in ("z", "v", "image"):
            np.testing.assert_array_equal(
                store.samples(name)[variable], expected.samples(name)[variable]
            )
