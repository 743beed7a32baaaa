"""Interface of the generators: parameters that fit a sampler to stored statistics."""

from typing import Literal, Protocol, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.settings import Settings

Floats = NDArray[np.float64]

ROUNDING_MARGIN = 1 - 2.0**-22
"""Coordinates shrunk by this factor still satisfy a bound after rounding to float32."""


class Sampler(Protocol):
    """A fitted generator: small, picklable and stateless.

    Attributes
    ----------
    space
        Coordinates of what `draw` returns: "z", or "pc" for v = (z - mean) @ loadings.T.
    constraint
        The condition that every drawn vector satisfies, or the law it follows, as text.
    """

    @property
    def space(self) -> Literal["z", "pc"]:
        """Coordinates of what `draw` returns."""

    @property
    def constraint(self) -> str:
        """The condition that every drawn vector satisfies, or the law it follows, as text."""

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw the vectors of these sample numbers: (len(samples), N) float64 in `space`.

        In "pc" fewer than N columns are the coordinates of the leading components; the others are
        0. Random laws use only `rng`, enumerations only the sample numbers.
        """


class Generator(Settings):
    """Parameters of a generator of latent vectors."""

    generator: str

    @property
    def reads(self) -> tuple[str, ...]:
        """Groups of the store that `fit` reads: statistics first, then `latents` if needed."""
        return ("statistics",)

    @property
    def size(self) -> int | None:
        """Number of distinct vectors, after which they repeat; None if unlimited."""
        return None

    def fit_memory(self, images: int, components: int) -> int:
        """Bytes that `fit` holds at once beside the statistics.

        Parameters
        ----------
        images, components
            Number of latent vectors, and of their components.
        """
        return 0

    def fit(self, statistics: xr.Dataset, latents: xr.Dataset | None = None) -> Sampler:
        """Fit a sampler.

        Parameters
        ----------
        statistics
            The `statistics` group.
        latents
            The `latents` group if `reads` contains it.

        Raises
        ------
        SampleError
            If the statistics do not support these parameters.
        """
        raise NotImplementedError

    def placed(self, device: str) -> Self:
        """The generator that computes its fit on a device: "auto", "cpu" or "cuda"."""
        return self

    def remark(self, statistics: xr.Dataset) -> str | None:
        """Warning that a run reports about these parameters on these statistics, if any."""
        return None


def require_spread(statistics: xr.Dataset, generator: str) -> None:
    """Refuse statistics of a single vector, or of equal ones, which have no variance.

    Raises
    ------
    SampleError
        If fewer than two vectors were analysed, or all are equal.
    """
    count = int(statistics["count"].values[0])
    if count < 2:
        raise SampleError(
            f"The generator {generator!r} needs statistics of at least 2 vectors, not {count}: "
            "store and analyze more."
        )
    if not np.any(statistics["variance"].values > 0):
        raise SampleError(
            f"The generator {generator!r} has no region to draw from, since all {count:,} latent "
            "vectors are equal."
        )


def require_latents(latents: xr.Dataset | None, generator: str) -> xr.Dataset:
    """Return the group `latents`.

    Raises
    ------
    SampleError
        If it is missing.
    """
    if latents is None or "z" not in latents:
        raise SampleError(
            f"The generator {generator!r} reads stored vectors: pass latents=store.latents."
        )
    return latents


def require_axes(statistics: xr.Dataset, axes: tuple[int, ...], generator: str) -> None:
    """Refuse components that do not exist.

    Parameters
    ----------
    statistics
        The `statistics` group.
    axes
        Numbers of the components, from 0.
    generator
        Its name, for the message.

    Raises
    ------
    SampleError
        If a number is too large.
    """
    components = statistics.sizes["component"]
    if max(axes) >= components:
        raise SampleError(
            f"The generator {generator!r} cannot vary component {max(axes)}, since the "
            f"{components} components are numbered from 0 to {components - 1}: change axes."
        )
