"""Inputs of the report: a store to read, a decoder, and the time of each stage."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Reconstruct = Callable[[NDArray[np.float32]], NDArray[np.uint8]]
"""Decodes z (vector, component) into images (vector, y, x, channel)."""


@dataclass(frozen=True)
class StageTiming:
    """Time of one stage.

    Attributes
    ----------
    stage
        Name of the stage, or of the group that it wrote.
    seconds
        Wall time in seconds.
    rows
        Number of rows written: images, vectors or epochs.
    """

    stage: str
    seconds: float
    rows: int


class ReportStore(Protocol):
    """The part of `storage.Store` that the report reads."""

    @property
    def root(self) -> str: ...

    @property
    def groups(self) -> tuple[str, ...]: ...

    @property
    def images(self) -> xr.Dataset: ...

    @property
    def model(self) -> xr.Dataset: ...

    @property
    def latents(self) -> xr.Dataset: ...

    @property
    def statistics(self) -> xr.Dataset: ...

    @property
    def sample_names(self) -> tuple[str, ...]: ...

    @property
    def left_out(self) -> Mapping[str, str]: ...

    @property
    def quality_names(self) -> tuple[str, ...]: ...

    @property
    def version(self) -> str: ...

    def is_current(self, group: str) -> bool: ...

    def group(self, name: str) -> xr.Dataset: ...

    @property
    def selection_names(self) -> tuple[str, ...]: ...

    def selection(self, name: str) -> xr.Dataset: ...

    def samples(self, name: str) -> xr.Dataset: ...

    def quality(self, name: str) -> xr.Dataset: ...

    @property
    def sweep(self) -> xr.Dataset: ...

    def history(self) -> Sequence[Any]: ...
