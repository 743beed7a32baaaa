"""Clouds of vectors whose law is known, as groups of a store."""

import dask.array as da
import numpy as np
import xarray as xr


def latents_of(z: np.ndarray, split: np.ndarray | None = None, *, chunk: int = 1000) -> xr.Dataset:
    """The group `latents` of vectors, lazy, with the splits of photographs if given."""
    coords = {} if split is None else {"split": ("image", split)}
    lazy = da.from_array(z, chunks=(chunk, -1))
    return xr.Dataset({"z": (("image", "component"), lazy)}, coords=coords)


def heavy_tailed(n: int, components: int) -> np.ndarray:
    """Vectors with a Student-like radius and correlated components, off the centre."""
    rng = np.random.default_rng(0)
    radius = np.sqrt(6 / rng.chisquare(6, (n, 1)))
    mixing = rng.standard_normal((components, components))
    return radius * rng.standard_normal((n, components)) @ mixing + 3.0


def clusters(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of three separate normal clusters in 4 components, and the cluster of each."""
    rng = np.random.default_rng(1)
    part = rng.choice(3, n, p=[0.4, 0.35, 0.25])
    return CENTRES[part] + rng.standard_normal((n, 4)) * SPREADS[part][:, None], part


CENTRES = np.array([[6.0, 0, 0, 0], [-6, 0, 0, 0], [0, 9, 0, 0]])
SPREADS = np.array([1, 0.8, 0.6])
SHARES = np.array([0.4, 0.35, 0.25])
