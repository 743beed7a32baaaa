"""The decoder that `Store.decode` finds as an entry point."""

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from zpoints.pipeline.network.serving import restore_network
from zpoints.pipeline.network.stored import stored_architecture


def decode_latents(model: xr.Dataset, z: ArrayLike, *, network: str | None = None) -> np.ndarray:
    """Decode latent vectors with the stored network.

    Parameters
    ----------
    model
        The ``model`` group of a store.
    z
        Float (sample, component), or a single vector (component).
    network
        ``package.module:Name`` of the class or function that the network needs, if it needs one;
        several are separated by commas.

    Returns
    -------
    numpy.ndarray
        uint8 (sample, y, x, channel); a single vector gives one sample.

    Raises
    ------
    TypeError
        If ``z`` is a whole Dataset.
    ValueError
        If the vectors do not have the model's number of components.
    StoreError
        If the stored weights do not have the stored SHA-256.
    NetworkError
        If the network needs code that is not named, or not as it was when the network was stored.
    """
    if isinstance(z, xr.Dataset):
        raise TypeError("decode takes vectors, not a Dataset: pass its variable z, e.g. drawn.z.")
    vectors = np.atleast_2d(np.asarray(z, dtype=np.float32))
    expected = stored_architecture(model).z_dim
    if vectors.ndim != 2 or vectors.shape[1] != expected:
        raise ValueError(
            f"z has shape {np.shape(z)}; expected (sample, {expected}), the components of this "
            "store's model."
        )
    code = (network or "").replace(" ", "").split(",")
    return restore_network(model, "auto", code).decode(vectors)
