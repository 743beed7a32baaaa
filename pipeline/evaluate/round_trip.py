"""Round trip: how far a vector moves when its image is encoded again."""

import numpy as np
from numpy.typing import NDArray


def relative_distance(z: NDArray, reencoded: NDArray) -> NDArray[np.float32]:
    """|z - encode(decode(z))| / |z|: small on the manifold of the images, large off it.

    Parameters
    ----------
    z, reencoded
        Float (sample, component).

    Returns
    -------
    numpy.ndarray
        float32 (sample); NaN for a vector of length 0.

    Examples
    --------
    >>> relative_distance(np.array([[3.0, 4.0]]), np.array([[3.0, 3.0]]))
    array([0.2], dtype=float32)
    """
    moved = np.linalg.norm(z.astype(np.float64) - reencoded, axis=1)
    length = np.linalg.norm(z.astype(np.float64), axis=1)
    return np.divide(moved, length, out=np.full(len(z), np.nan), where=length > 0).astype(
        np.float32
    )
