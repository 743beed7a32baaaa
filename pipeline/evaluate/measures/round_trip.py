"""Round trip: distance between a vector and its image encoded again."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.inputs import Batch


def measure_images(batch: Batch) -> dict[str, np.ndarray]:
    """`round_trip_distance`, float32 (sample); NaN for photographs, which no vector decodes to."""
    distance = relative_distance(batch.z, batch.reencoded, spread_of(batch.statistics))
    return {"round_trip_distance": distance if batch.decoded else np.full_like(distance, np.nan)}


def relative_distance(z: NDArray, reencoded: NDArray, spread: float) -> NDArray[np.float32]:
    """|z - encode(decode(z))| / spread: small on the manifold of the images, large off it.

    The unit is the spread, not |z|: vectors far outside the region are long, so a distance
    relative to their length would decrease with their distance from the region.

    Parameters
    ----------
    z, reencoded
        Float (sample, component).
    spread
        Spread of the z-points, see `spread_of`.

    Returns
    -------
    numpy.ndarray
        float32 (sample); NaN if the spread is 0.

    Examples
    --------
    >>> relative_distance(np.array([[3.0, 4.0]]), np.array([[3.0, 3.0]]), 2.0)
    array([0.5], dtype=float32)
    """
    moved = np.linalg.norm(z.astype(np.float64) - reencoded, axis=1)
    return (moved / (spread or np.nan)).astype(np.float32)


def spread_of(statistics: xr.Dataset) -> float:
    """Root mean square distance of the z-points from their mean: root of the total variance."""
    return float(np.sqrt(statistics["variance"].values.sum()))
