"""What measures are given: a batch of images, or two sets to compare."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

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
    statistics
        The group `statistics`.
    training
        Blocks float32 (vector, component) of the vectors of the training that are finite and not
        among the held-out ones, each read once.
    kept
        What depends on the held-out vectors alone, by key; rows of the table that are compared
        with the same ones share it.
    """

    config: EvaluateConfig
    latents: Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]
    images: Callable[[], tuple[NDArray[np.uint8], NDArray[np.uint8]]]
    statistics: xr.Dataset
    training: Callable[[], Iterable[NDArray[np.float32]]] = tuple
    kept: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` returns, which must depend on the held-out vectors alone.

        Parameters
        ----------
        key
            Names the value.
        make
            Called unless the value is kept.
        """
        if key not in self.kept:
            self.kept[key] = make()  # a second thread may make it too, alike
        return self.kept[key]
