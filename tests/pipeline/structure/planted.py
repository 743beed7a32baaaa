"""Latent vectors whose attributes are known: a direction, a cluster, noise, a constant."""

import dask.array as da
import numpy as np
import xarray as xr

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.labels import Labels

COUNT, COMPONENTS = 4000, 12
TOWARDS = np.eye(COMPONENTS)[2] * 0.8 - np.eye(COMPONENTS)[5] * 0.6
SPLITS = np.repeat(["train", "validation", "test"], [2800, 200, 1000])


def planted(*, chunk: int = 700, count: int = COUNT, attributes: bool = True) -> xr.Dataset:
    """The group `latents`: three far clusters, correlated and off-centre within each.

    `Along` is the side of a plane across `TOWARDS`, `First` the first cluster, `Rare` one in
    sixteen of either, `Noise` a coin, `Never` False.
    """
    rng = np.random.default_rng(5)
    cluster = rng.choice(3, count, p=[0.5, 0.3, 0.2])
    mixing = np.eye(COMPONENTS) + 0.3 * rng.normal(size=(COMPONENTS, COMPONENTS))
    centres = np.zeros((3, COMPONENTS))
    centres[[0, 1, 2], [0, 0, 1]] = 14, -14, 20
    z = rng.normal(size=(count, COMPONENTS)) @ mixing + centres[cluster] + 1.5
    labels = {
        "Along": (z @ TOWARDS + 0.3 * rng.normal(size=count)) > 1.5 * TOWARDS.sum(),
        "First": cluster == 0,
        "Rare": rng.uniform(size=count) < 1 / 16,
        "Noise": rng.uniform(size=count) < 0.5,
        "Never": np.zeros(count, bool),
    }
    coords = {name: ("image", values) for name, values in labels.items() if attributes}
    coords["split"] = ("image", SPLITS[:count])
    coords["checksum"] = ("image", np.arange(count, dtype=np.uint64))
    vectors = da.from_array(z.astype(np.float32), chunks=(chunk, -1))
    return xr.Dataset({"z": (("image", "component"), vectors)}, coords)


def described(latents: xr.Dataset) -> xr.Dataset:
    return analyze(latents["z"].data, attributes=Labels(latents).table)
