"""The law of neighbourhoods, against scikit-learn's search and the moments of few vectors."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from sklearn.neighbors import NearestNeighbors

from tests.pipeline.analyze.mixed import describe
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample import draw, generator


def stored(z: np.ndarray, splits: np.ndarray | None = None) -> xr.Dataset:
    coords = {} if splits is None else {"split": ("image", splits)}
    names = [f"{row}.jpg" for row in range(len(z))]
    array = da.from_array(z, chunks=(700, -1))
    return xr.Dataset({"z": (("image", "component"), array)}, {"image": names, **coords})


def test_neighbours__keeps_the_nearest_of_all_blocks() -> None:
    z = np.random.default_rng(0).standard_normal((9000, 3)).astype(np.float32)
    z[17] = np.nan

    law = generator("neighbours", k=6, vectors=40).fit(describe(z[18:]), stored(z))

    finite = z[np.isfinite(z).all(axis=1)]
    centres = law.neighbourhoods[:, 0]  # each is its own nearest vector
    rows = NearestNeighbors(n_neighbors=6).fit(finite).kneighbors(centres, return_distance=False)
    np.testing.assert_array_equal(law.neighbourhoods, finite[rows])
    assert len(np.unique(centres, axis=0)) == 40


def test_neighbours__has_the_moments_of_a_neighbourhood() -> None:
    z = np.random.default_rng(1).standard_normal((5, 4)).astype(np.float32)

    drawn = draw("neighbours", describe(z), 40_000, latents=stored(z), k=10)["z"].values

    np.testing.assert_allclose(drawn.mean(axis=0), z.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(z.T), atol=0.05)


def test_neighbours__sees_the_training_split_alone() -> None:
    z = np.random.default_rng(2).standard_normal((600, 3)).astype(np.float32)
    z[400:] += 50
    splits = np.array(["train"] * 400 + ["validation", "test"] * 100, dtype=object)

    drawn = draw("neighbours", describe(z), 500, latents=stored(z, splits))["z"].values

    assert drawn.max() < 25


def test_neighbours__stays_nearer_to_the_training_than_a_normal_distribution() -> None:
    z = np.random.default_rng(3).standard_normal((3000, 20)).astype(np.float32)

    def distance(name: str) -> float:
        drawn = draw(name, describe(z), 500, latents=stored(z))["z"].values
        return np.median(NearestNeighbors(n_neighbors=1).fit(z).kneighbors(drawn)[0])

    assert distance("neighbours") < 0.8 * distance("multivariate_normal")


def test_neighbours__refuses_a_single_training_vector() -> None:
    z = np.random.default_rng(4).standard_normal((5, 3)).astype(np.float32)
    splits = np.array(["train"] + ["test"] * 4, dtype=object)

    with pytest.raises(SampleError, match="at least 2 finite vectors in the training split, not 1"):
        draw("neighbours", describe(z), 5, latents=stored(z, splits))
