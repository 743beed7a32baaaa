"""Mahalanobis radius and violated pair ellipses: how far inside the region a vector lies."""

import numpy as np

from zpoints.pipeline.evaluate.inputs import Batch
from zpoints.pipeline.sample.region import violated_pairs, whitened


def measure_images(batch: Batch) -> dict[str, np.ndarray]:
    """`mahalanobis_radius` and `violated_pairs` of the vectors, float32 (sample)."""
    w = whitened(batch.z, batch.statistics)
    return {
        "mahalanobis_radius": np.linalg.norm(w, axis=1).astype(np.float32),
        "violated_pairs": violated_pairs(w, batch.config.level),
    }
