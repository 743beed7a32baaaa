"""What measures are given: a batch of images, or two sets to compare."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.config import EvaluateConfig


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some images of one generator or reference, for measures that judge image by image.

    Attributes
    ----------
    config
        The section `evaluate`.
    statistics
        The group `statistics`.
    z
        float32 (sample, component): the drawn vectors, or the latents of the photographs.
    images
        uint8 (sample, y, x, channel), without pixels where there is no network.
    reencoded
        float32 (sample, component): latents of the images encoded again; `z` where there is no
        network.
    decoded
        Whether the images were decoded from `z`; False for photographs.
    """

    config: EvaluateConfig
    statistics: xr.Dataset
    z: NDArray[np.float32]
    images: NDArray[np.uint8]
    reencoded: NDArray[np.float32]
    decoded: bool


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Photographs and as many judged images, for measures of the whole set.

    Attributes
    ----------
    config
        The section `evaluate`.
    latents
        Reads the latents of the photographs and those of the judged images encoded again, both
        float32 (sample, component) and finite. Without a network: held-out and judged vectors.
    images
        Reads the photographs and the judged images, both uint8 (sample, y, x, channel); only
        measures of images call it.
    """

    config: EvaluateConfig
    latents: Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]
    images: Callable[[], tuple[NDArray[np.uint8], NDArray[np.uint8]]]
