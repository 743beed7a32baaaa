"""Latent vectors with correlated, off-centre components of very different widths."""

import dask.array as da
import numpy as np
import xarray as xr

from zpoints.pipeline.analyze import AnalyzeConfig, analyze

COMPONENTS = 24


def mixed() -> np.ndarray:
    """Normal vectors, float32 (20000, COMPONENTS)."""
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((COMPONENTS, COMPONENTS))
    spread = np.geomspace(2, 0.05, COMPONENTS)
    z = (rng.standard_normal((20_000, COMPONENTS)) * spread) @ mixing + rng.normal(0, 2, COMPONENTS)
    return z.astype(np.float32)


def describe(z: np.ndarray, config: AnalyzeConfig | None = None) -> xr.Dataset:
    """The `statistics` group of vectors z."""
    return analyze(da.from_array(z, chunks=(2000, -1)), config)
