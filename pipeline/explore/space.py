"""What the explorer asks of latent vectors."""

from typing import Any, Protocol

import xarray as xr


class Space(Protocol):
    """What `zpoints.open` and `zpoints.open_arrays` return, as far as the explorer asks it.

    `pipeline/latent_space` imports the explorer, not the other way round.
    """

    @property
    def latents(self) -> xr.Dataset:
        """Latent vectors `z` (image, component), lazy, with labels as coordinates."""

    @property
    def images(self) -> xr.Dataset:
        """Photographs `pixels` (image, y, x, channel) uint8, lazy."""

    @property
    def statistics(self) -> xr.Dataset:
        """Moments and principal components of the vectors."""

    def decode(self, z: Any) -> xr.DataArray:
        """Images that vectors decode to."""

    def draw(self, name: str, n: int, *, where: str | None, seed: int, **law: Any) -> xr.Dataset:
        """Vectors of a generator.

        Parameters
        ----------
        name
            The generator.
        n
            How many vectors.
        where
            A query; the generator is fitted to what it selects.
        seed
            Seed of the random numbers.
        **law
            Parameters of the generator.
        """

    def neighbours(self, z: Any, k: int) -> xr.Dataset:
        """The nearest latent vectors."""

    def project(self, z: Any, components: int | None) -> xr.DataArray:
        """Coordinates along the principal components."""
