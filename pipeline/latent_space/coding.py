"""Images, the latent vectors that a network codes them in, and the way from one to the other."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.latent_space.mapping import mapped
from zpoints.pipeline.latent_space.pixels import IMAGE_DIMS, PIXELS, pixels_of
from zpoints.pipeline.latent_space.vectors import (
    Given,
    images_named,
    names_images,
    vectors_in,
    with_coordinates,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Decoder = Callable[[NDArray[np.float32]], NDArray[np.uint8]]
"""Maps vectors (vector, component) to images (vector, y, x, channel)."""
Encoder = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Maps images (image, y, x, channel) to vectors (image, component)."""


class CodedImages(ABC):
    """Images and their latent vectors, and the network that codes one in the other."""

    @property
    @abstractmethod
    def latents(self) -> xr.Dataset:
        """Latent vectors: `z` (image, component) float32, lazy, with labels as coordinates."""

    @property
    @abstractmethod
    def images(self) -> xr.Dataset:
        """Images: `pixels` (image, y, x, channel) uint8, lazy, with the same labels."""

    @property
    @abstractmethod
    def _decoder(self) -> Decoder:
        """Decodes vectors; it can be pickled."""

    @property
    @abstractmethod
    def _encoder(self) -> Encoder:
        """Encodes images; it can be pickled."""

    @property
    def _image_shape(self) -> tuple[int, int, int] | None:
        """Height, width and channels of the images that the encoder takes, if known."""
        return None

    @property
    def _decoded_components(self) -> int:
        """Number of components of the vectors that the decoder takes."""
        return int(self.latents.sizes["component"])

    def encode(self, images: Any) -> xr.DataArray:
        """Latent vectors of images.

        Parameters
        ----------
        images
            uint8 (image, y, x, channel) or (y, x, channel), of the size and the crop of the images
            that the network was trained on; a labelled array with any dimensions before these; a
            dataset with such `pixels`, e.g. `store.images.isel(image=slice(8))`.

        Returns
        -------
        xr.DataArray
            `z` (image, component) float32, with the coordinates of the images; lazy if they are.

        Raises
        ------
        VectorError
            If there is no encoder, or the images do not fit it.

        Examples
        --------
        >>> import numpy as np
        >>> import zpoints as zp
        >>> z, images = np.eye(4), np.zeros((4, 2, 2, 1), np.uint8)
        >>> space = zp.open_arrays(z, images=images, encoder=lambda x: np.eye(len(x), 4))
        >>> space.encode(space.images).shape
        (4, 4)
        """
        pixels = pixels_of(images, self._image_shape)
        return mapped(self._encoder, pixels, 3, ("component",), np.float32).pipe(with_coordinates)

    def decode(self, z: Given) -> xr.DataArray:
        """Images that vectors decode to; lazy if z is.

        Parameters
        ----------
        z
            Vectors; a labelled array may have any dimensions besides `component`, e.g. what `add`
            returns for several strengths.

        Returns
        -------
        xr.DataArray
            `pixels` (vector, y, x, channel) uint8 with the coordinates of z.

        Raises
        ------
        VectorError
            If there is no decoder, or z does not fit it.

        Examples
        --------
        >>> import numpy as np
        >>> import zpoints as zp
        >>> z, images = np.eye(4), np.zeros((4, 2, 2, 1), np.uint8)
        >>> space = zp.open_arrays(z, decoder=lambda z: images[: len(z)])
        >>> space.decode([[0.5, 1, 0, 0]]).dims
        ('sample', 'y', 'x', 'channel')
        """
        vectors = self._vectors(z, self._decoded_components, nested=True).astype(np.float32)
        decoded = mapped(self._decoder, vectors, 1, IMAGE_DIMS, np.uint8)
        return decoded.rename("pixels").assign_attrs(PIXELS)

    def faces(self, n: int = 16) -> "Figure":
        """A figure of the first images.

        Parameters
        ----------
        n
            Number of images.

        Examples
        --------
        >>> import zpoints as zp
        >>> store = zp.open("runs/demo")  # doctest: +SKIP
        >>> store.faces(8)  # doctest: +SKIP
        """
        from zpoints.pipeline.figures.image_grids import faces  # loads Matplotlib

        return faces(self.images, n)

    def _vectors(
        self, z: Given, components: int | None = None, *, nested: bool = False
    ) -> xr.DataArray:
        """The vectors that are asked for, all latent vectors if none are.

        Values have the given number of components, that of the latents if omitted.
        """
        if z is None:
            return self.latents["z"]
        if names_images(z):
            return images_named(self.latents["z"], z)
        expected = self.latents.sizes["component"] if components is None else components
        return vectors_in(z, expected, nested=nested)
