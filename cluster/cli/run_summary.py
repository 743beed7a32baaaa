"""Summarises the results of a run in a few lines."""

import numpy as np

from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.progress import counted
from zpoints.storage import Store


def run_summary(store: Store) -> list[str]:
    """The mean reconstruction error on the test split; no line without current test images.

    Examples
    --------
    ``test reconstruction: mean squared error 0.0033 over 2,000 images``
    """
    lines = []
    if store.is_current("latents") and "reconstruction_error" in (latents := store.latents):
        test = Labels(latents).in_split("test")
        if test.any():
            error = float(np.mean(latents["reconstruction_error"].values[test]))
            lines.append(
                f"test reconstruction: mean squared error {error:.4f} over "
                f"{counted(test.sum(), 'image')}"
            )
    return lines
