"""The interface of all generators: parameters that fit a sampler to stored statistics."""

from typing import ClassVar, Literal, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.sample.errors import SampleError
from pipeline.settings import Settings

Floats = NDArray[np.float64]


class Sampler(Protocol):
    """A fitted generator: small, picklable, without state between draws.

    Attributes
    ----------
    space
        Coordinates of what `draw` returns: "z", or "pc" for v = (z - mean) @ loadings.T.
    constraint
        The condition that every drawn vector satisfies, or the law it follows, as text.
    """

    space: ClassVar[Literal["z", "pc"]]

    @property
    def constraint(self) -> str:
        """The condition that every drawn vector satisfies, or the law it follows, as text."""

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """Draw n vectors (n, N) float64 in the coordinates of `space`, N components each."""


class Generator(Settings):
    """Parameters of a way to draw latent vectors."""

    generator: str

    def fit(self, statistics: xr.Dataset) -> Sampler:
        """Fit to the variables of the `statistics` group.

        Raises
        ------
        SampleError
            If the statistics do not support these parameters.
        """
        raise NotImplementedError


def require_spread(statistics: xr.Dataset, generator: str) -> None:
    """Refuse statistics of a single vector: they say nothing about spread.

    Raises
    ------
    SampleError
        If fewer than two vectors were analysed.
    """
    count = int(statistics["count"].values[0])
    if count < 2:
        raise SampleError(
            f"The generator {generator!r} needs statistics of at least 2 vectors, not {count}: "
            "encode and analyze more images."
        )
