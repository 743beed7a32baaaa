"""Round trip: how far a vector moves when its image is encoded again."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray


def relative_distance(z: NDArray, reencoded: NDArray, spread: float) -> NDArray[np.float32]:
    """|z - encode(decode(z))| / spread: small on the manifold of the images, large off it.

    Parameters
    ----------
    z, reencoded
        Float (sample, component).
    spread
        Of the z-points, see `spread_of`. It is the unit, and not |z|, because vectors far outside
        the region are long themselves and would look the better the farther they are.

    Returns
    -------
    numpy.ndarray
        float32 (sample); NaN where all z-points are the same.

    Examples
    --------
    >>> relative_distance(np.array([[3.0, 4.0]]), np.array([[3.0, 3.0]]), 2.0)
    array([0.5], dtype=float32)
    """
    moved = np.linalg.norm(z.astype(np.float64) - reencoded, axis=1)
    return (moved / (spread or np.nan)).astype(np.float32)


def spread_of(statistics: xr.Dataset) -> float:
    """Root mean square distance of the z-points from their mean: the root of the total variance."""
    return float(np.sqrt(statistics["variance"].values.sum()))
