"""Face rate: share of the images in which the detector finds a face."""

import numpy as np

from zpoints.pipeline.evaluate.detector import detect
from zpoints.pipeline.evaluate.inputs import Batch


def measure_images(batch: Batch) -> dict[str, np.ndarray]:
    """`face_found`, bool (sample)."""
    return {"face_found": detect(batch.config.detector, batch.images)}
