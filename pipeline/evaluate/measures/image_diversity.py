"""Diversity of images: variance of pixels and distance of pairs, over those of photographs."""

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.estimate import Estimate
from zpoints.pipeline.evaluate.inputs import Comparison
from zpoints.pipeline.evaluate.measures.diversity import Floats, diversity, ratios


def measure_set(comparison: Comparison) -> dict[str, Estimate]:
    """`image_variance` and `image_pair_distance` of the judged images."""
    reference, judged = comparison.images()
    held_out = comparison.once("image_diversity", lambda: _of_pixels(reference))
    variance, distance = ratios(_of_pixels(judged), held_out)
    return {"image_variance": variance, "image_pair_distance": distance}


def _of_pixels(images: NDArray[np.uint8]) -> Floats:
    return diversity(images.reshape(len(images), -1).astype(np.float32))
