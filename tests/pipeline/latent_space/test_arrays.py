"""A latent space of arrays: questions and their answers, against NumPy and SciPy."""

import pickle
from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.spatial import KDTree
from sklearn.decomposition import PCA

import zpoints as zp
from zpoints.pipeline.errors import SampleError, VectorError
from zpoints.pipeline.latent_space.arrays import LatentArrays
from zpoints.storage import QueryError

COUNT, COMPONENTS = 600, 5
NAMES = [f"{i:03d}.png" for i in range(COUNT)]


@pytest.fixture(scope="module")
def z() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(COUNT, COMPONENTS)) * [3, 1, 2, 0.5, 1] + 1).astype(np.float32)


@pytest.fixture(scope="module")
def labels() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    columns = {
        "digit": np.arange(COUNT) % 10,
        "age": rng.uniform(0, 80, COUNT),
        "tall": rng.random(COUNT) > 0.5,
        "species": np.where(np.arange(COUNT) % 3, "cat", "dog"),
        "made": pd.date_range("2026-01-01", periods=COUNT, freq="D"),
    }
    return pd.DataFrame(columns, index=NAMES)


def decode(z: np.ndarray) -> np.ndarray:
    """Images of 2 x 3 pixels that hold the first component."""
    return np.broadcast_to(z[:, :1, None, None], (len(z), 2, 3, 1)).astype(np.uint8)


def encode(images: np.ndarray) -> np.ndarray:
    return np.repeat(images[:, 0, 0], COMPONENTS, axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def space(z: np.ndarray, labels: pd.DataFrame) -> LatentArrays:
    chunked = da.from_array(z, chunks=(250, 2))
    return zp.open_arrays(chunked, labels, decode(np.abs(z)), decode, encode)


def test_query__takes_labels_of_any_kind(space: LatentArrays, labels: pd.DataFrame) -> None:
    found = space.query("digit == 3 and age > 40 and species == 'cat' and not tall")

    table = labels.query("digit == 3 and age > 40 and species == 'cat' and not tall")
    assert list(found.indexes["image"]) == list(table.index)
    assert isinstance(found["z"].data, da.Array)


def test_latents__align_with_pandas_by_name(space: LatentArrays, labels: pd.DataFrame) -> None:
    some = labels["age"].sort_values().index[:5]

    assert list(space.latents.sel(image=some)["age"].values) == sorted(labels["age"])[:5]


def test_project__are_the_coordinates_of_a_pca(space: LatentArrays, z: np.ndarray) -> None:
    v = space.project(components=3)

    expected = PCA(3).fit(z.astype(np.float64)).transform(z.astype(np.float64))
    assert v.dims == ("image", "pc")
    assert isinstance(v.data, da.Array)
    np.testing.assert_allclose(np.abs(v.values), np.abs(expected), atol=1e-9)


@pytest.mark.parametrize("metric", ["euclidean", "mahalanobis"])
def test_neighbours__are_those_of_a_tree(space: LatentArrays, z: np.ndarray, metric: Any) -> None:
    queries = z[:40] + 0.1
    found = space.neighbours(queries, 7, metric=metric)

    points = [x.astype(np.float64) for x in (z, queries)]
    if metric == "mahalanobis":
        pca = PCA(whiten=True).fit(points[0])
        points = [pca.transform(x) for x in points]
    distances, rows = KDTree(points[0]).query(points[1], k=7)
    assert found["row"].values.tolist() == rows.tolist()
    assert found["image"].values.tolist() == np.array(NAMES)[rows].tolist()
    np.testing.assert_allclose(found["distance"], distances, rtol=1e-9)


def test_neighbours__of_an_image_are_others(space: LatentArrays, z: np.ndarray) -> None:
    _, rows = KDTree(z.astype(np.float64)).query(z[[7, 3]].astype(np.float64), k=5)

    one, two = space.neighbours("007.png", 4), space.neighbours(["007.png", "003.png"], 4)

    assert one["row"].values.tolist() == rows[0, 1:].tolist()
    assert two["row"].values.tolist() == rows[:, 1:].tolist()
    assert two.indexes["image"].tolist() == ["007.png", "003.png"]


def test_neighbours__equal_vectors_are_at_distance_0_and_nan_is_nobodys() -> None:
    z = np.array([[0.1], [0.1], [0.2], [np.nan]]) + np.full((4, 2), 1e6)

    found = zp.open_arrays(z).neighbours(z[:1], 9)

    assert found["row"].values.tolist() == [[0, 1, 2]]
    assert found["distance"].values[0, :2].tolist() == [0, 0]


def test_decode__is_lazy_for_lazy_vectors_and_keeps_their_labels(
    space: LatentArrays, z: np.ndarray
) -> None:
    lazy, eager = space.decode(np.abs(space.latents["z"])), space.decode(np.abs(z[:2]))

    assert isinstance(lazy.data, da.Array)
    assert lazy.dims == ("image", "y", "x", "channel")
    assert lazy["digit"].values.tolist() == (np.arange(COUNT) % 10).tolist()
    assert (lazy.values == decode(np.abs(z))).all()
    assert eager.dims == ("sample", "y", "x", "channel")
    assert space.decode("007.png").dims == ("y", "x", "channel")


def test_decode__takes_the_names_that_neighbours_returns(space: LatentArrays) -> None:
    found = space.neighbours("007.png", 3)

    pixels = space.decode(found["image"])

    assert pixels.indexes["image"].tolist() == found["image"].values.tolist()
    assert space.decode(space.images["image"][7]).dims == ("y", "x", "channel")


def test_decode__cuts_chunks_whose_images_would_be_large(
    space: LatentArrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zpoints.pipeline.latent_space.mapping.BLOCK_BYTES", 100 * 4 * COMPONENTS)

    pixels = space.decode(space.latents["z"])

    assert pixels.chunks is not None
    assert pixels.chunks[0] == (100, 100, 50, 100, 100, 50, 100)
    assert (pixels.values == space.decode(space.latents["z"].values).values).all()


@pytest.mark.parametrize("lazy", [False, True])
def test_decode__takes_vectors_of_several_strengths(
    space: LatentArrays, z: np.ndarray, lazy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zpoints.pipeline.latent_space.mapping.BLOCK_BYTES", 100 * 4 * COMPONENTS)
    vectors = space.add("tall", np.abs(space.latents["z"]), [0, 1, 3])

    pixels = space.decode(vectors if lazy else vectors.compute())

    assert isinstance(pixels.data, da.Array) == lazy
    assert pixels.dims == ("image", "strength", "y", "x", "channel")
    assert pixels["strength"].values.tolist() == [0, 1, 3]
    assert pixels.indexes["image"].tolist() == NAMES
    expected = vectors.values.astype(np.float32)[..., 0].astype(np.uint8)
    assert (pixels.values == expected[..., None, None, None]).all()
    assert space.encode(pixels).dims == ("image", "strength", "component")
    assert (space.decode(vectors.values[:2]).values == pixels.values[:2]).all()


def test_encode__takes_images_in_all_forms(space: LatentArrays) -> None:
    images = space.images

    every = space.encode(images)
    assert every.dims == ("image", "component")
    assert every.indexes["image"].equals(images.indexes["image"])
    one = space.encode(images["pixels"].values[3])
    assert one.values.tolist() == every.values[3].tolist()


def test_draw__where_fits_to_what_the_query_selects(space: LatentArrays, z: np.ndarray) -> None:
    drawn = space.draw("multivariate_normal", 5000, where="digit < 3", seed=1)

    chosen = z[np.arange(COUNT) % 10 < 3].astype(np.float64)
    np.testing.assert_allclose(drawn["z"].mean("sample"), chosen.mean(axis=0), atol=0.2)
    np.testing.assert_allclose(np.cov(drawn["z"].values.T), np.cov(chosen.T), atol=0.6)
    assert drawn.attrs["where"] == "digit < 3"


def test_draw__where_reads_the_selected_vectors(space: LatentArrays) -> None:
    drawn = space.draw("gaussian_mixture", 4, where="tall", parts=2)

    assert drawn["z"].shape == (4, COMPONENTS)


def test_walk__keeps_the_distance_from_the_mean(space: LatentArrays, z: np.ndarray) -> None:
    arc, line = space.walk("000.png", 1, 5), space.walk(z[0], z[1], 5, form="line")

    radii = np.linalg.norm(arc.values - z.mean(axis=0), axis=1)
    np.testing.assert_allclose(radii, np.linspace(radii[0], radii[-1], 5), rtol=1e-5)
    np.testing.assert_allclose(line.values, np.linspace(z[0], z[1], 5), rtol=1e-5)
    assert arc["share"].values.tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_add__adds_the_difference_of_the_means(
    space: LatentArrays, z: np.ndarray, labels: pd.DataFrame
) -> None:
    tall = labels["tall"].to_numpy()
    direction = z[tall].mean(axis=0) - z[~tall].mean(axis=0)

    several = space.add("tall", ["003.png", "004.png"], [-1, 2])

    assert several.dims == ("image", "strength", "component")
    expected = z[3:5, None] + np.array([[-1], [2]]) * direction
    np.testing.assert_allclose(several, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(space.add("tall", z[0]), z[0] + direction, rtol=1e-4, atol=1e-4)


def test_hit_test__counts_by_multiple_chunk_by_chunk(space: LatentArrays, z: np.ndarray) -> None:
    multiples = [0.5, 1, 2, 100]

    every, one = space.hit_test(multiples=multiples), space.hit_test("003.png", multiples)

    mu, hw = (space.statistics[name].values for name in ("mu", "hw"))
    reach = (np.abs(z - mu) / hw).max(axis=1)
    assert every.values.tolist() == [int((reach <= k).sum()) for k in multiples]
    assert one.values.tolist() == [int(reach[3] <= k) for k in multiples]
    assert every.sel(multiple=100) == COUNT


def test_claims__are_a_table(space: LatentArrays) -> None:
    about_vectors = [number for number in range(1, 18) if number != 13]  # 13 is about images
    assert list(space.claims.frame.index) == about_vectors
    assert space.claims._repr_html_().count("<tr>") == 1 + len(about_vectors)


def test_figures__take_vectors_in_memory_as_they_take_a_store(space: LatentArrays) -> None:
    assert zp.pl.histogram(space, component=3).axes
    assert zp.pl.pairs(space, (0, 1), color="species", principal=True).axes
    assert zp.pl.faces(space, n=3).axes


def test_open_arrays__can_be_sent_to_workers(space: LatentArrays) -> None:
    assert pickle.loads(pickle.dumps(space)).query("tall").sizes == space.query("tall").sizes


def test_open_arrays__computes_nothing_before_it_is_asked(z: np.ndarray) -> None:
    def fail(block: np.ndarray) -> np.ndarray:
        raise AssertionError("computed")

    lazy = da.from_array(z, chunks=100).map_blocks(fail, meta=z[:0], dtype=z.dtype)

    with dask.config.set(scheduler="synchronous"):
        space = zp.open_arrays(lazy, {"digit": np.arange(COUNT)})
        assert space.query("digit > 5").sizes["image"] == COUNT - 6


REFUSED: dict[str, tuple[Callable[[LatentArrays], Any], type[Exception], str]] = {
    "unknown image": (lambda s: s.decode("x.png"), VectorError, "None of the 600 .* name 'x.png'"),
    "number too large": (lambda s: s.walk(0, 600), VectorError, "number 600; expected 0 to 599"),
    "other components": (lambda s: s.project(np.zeros(3)), VectorError, "expected 5 along"),
    "components in another order": (
        lambda s: s.project(s.latents["z"][:, ::-1]),
        VectorError,
        "components 4, 3, 2, ...; expected 0 to 4 in this order",
    ),
    "text as vectors": (lambda s: s.project(np.array([["a"] * 5])), VectorError, "real numbers"),
    "three dims": (lambda s: s.project(np.zeros((1, 1, 5))), VectorError, r"\(vector, component"),
    "dataset without z": (lambda s: s.decode(s.images), VectorError, "no variable z, only pixels"),
    "images of floats": (lambda s: s.encode(np.zeros((1, 2, 3, 1))), VectorError, "uint8"),
    "one row of pixels": (lambda s: s.encode(np.zeros(3, np.uint8)), VectorError, "uint8"),
    "dataset without pixels": (lambda s: s.encode(s.latents), VectorError, "no variable pixels"),
    "a NaN": (lambda s: s.neighbours(np.full(5, np.nan)), VectorError, "NaN or infinite"),
    "no neighbours": (lambda s: s.neighbours(0, 0), VectorError, "k = 0: expected"),
    "metric": (lambda s: s.neighbours(0, 1, metric="cosine"), VectorError, "'mahalanobis'"),
    "one step": (lambda s: s.walk(0, 1, 1), VectorError, "steps = 1: expected"),
    "form": (lambda s: s.walk(0, 1, form="spline"), VectorError, "'arc'"),
    "several ends": (lambda s: s.walk(["000.png", "001.png"], 1), VectorError, "got several"),
    "attribute": (
        lambda s: s.add("short", 0),
        SampleError,
        r"no attribute or category 'short'\. Attributes: tall; categories: digit=0,",
    ),
    "empty query": (lambda s: s.draw("ellipse", 1, where="age > 99"), SampleError, "selects 0 of"),
    "unknown label": (lambda s: s.draw("ellipse", 1, where="aeg > 9"), QueryError, "aeg"),
    "generator": (lambda s: s.draw("elipse", 1), SampleError, "'elipse'; did you mean ellipse"),
    "selection": (
        lambda s: s.draw("conditional", 1, selection="tall"),
        VectorError,
        "Pass where= with a query",
    ),
    "selection and query": (
        lambda s: s.draw("conditional", 1, selection="tall", where="digit == 3"),
        SampleError,
        "fitted to selections/tall, and where= selects other vectors.*Leave where out, or draw",
    ),
}


@pytest.mark.parametrize("situation", REFUSED)
def test_space__refuses(space: LatentArrays, situation: str) -> None:
    ask, error, message = REFUSED[situation]

    with pytest.raises(error, match=message):
        ask(space)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "one vector": ({"z": np.zeros(5)}, r"shape \(5,\); expected \(vector, component\)"),
    "none": ({"z": np.zeros((0, 5))}, "both at least 1"),
    "text": ({"z": np.array([["a"]])}, "expected real numbers"),
    "short label": ({"labels": {"a": [1, 2]}}, r"'a' has the shape \(2,\); expected \(3,\)"),
    "name taken": ({"labels": {"z": [1, 2, 3]}}, "Rename it"),
    "equal names": ({"labels": {"image": ["a", "b", "a"]}}, "the same name"),
    "images of floats": ({"images": np.zeros((3, 2, 2, 1))}, r"expected uint8 \(3, y, x"),
    "fewer images": ({"images": np.zeros((2, 2, 2, 1), np.uint8)}, "an image for each"),
    "no function": ({"decoder": 3}, "3 is not a function"),
}


@pytest.mark.parametrize("situation", WRONG)
def test_open_arrays__refuses(situation: str) -> None:
    changed, message = WRONG[situation]

    with pytest.raises(VectorError, match=message):
        zp.open_arrays(**{"z": np.zeros((3, 2)), **changed})


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.decode(0), "no decoder; pass decoder="),
        (lambda s: s.encode(np.zeros((1, 2, 2, 1), np.uint8)), "no encoder; pass encoder="),
        (lambda s: s.images, "no images; pass images="),
    ],
)
def test_open_arrays__names_what_was_not_given(ask: Callable, message: str) -> None:
    with pytest.raises(VectorError, match=message):
        ask(zp.open_arrays(np.eye(3)))


def test_open_arrays__keeps_coordinates_of_labelled_vectors() -> None:
    named = xr.DataArray(
        np.eye(3), {"cell": ["a", "b", "c"], "age": ("cell", [1, 2, 3])}, ("cell", "gene")
    )

    found = zp.open_arrays(named).query("age > 1")

    assert found.indexes["image"].tolist() == ["b", "c"]
