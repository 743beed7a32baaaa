"""Draws from fitted generators: reproducible to the byte, with the stated law and constraint."""

import hashlib
import pickle
import tracemalloc

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from tests.pipeline.analyze.mixed import COMPONENTS, describe, mixed
from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample import BLOCK, GENERATORS, Parameters, draw, draw_rows, generator
from zpoints.storage.schema.attributes import nested

CASES = [
    ("uniform", {"b": 1.5}),
    ("gaussian", {}),
    ("multivariate_normal", {}),
    ("multivariate_normal", {"temperature": 1.2, "radius": 0.5}),
    ("gaussian", {"temperature": 0.8, "radius": 0.9}),
    ("ellipse", {"K": 10}),
    ("ellipse", {"K": COMPONENTS, "law": "uniform", "fact": 0.6}),
    ("ellipse", {"K": COMPONENTS, "law": "normal"}),
    ("ellipse", {"K": 10, "law": "normal", "core": True}),
    ("ellipse", {"K": 10, "widths": "sigma", "pca": "core", "radius": 0.9}),
    ("ellipse_original", {"level": 2.0}),
    ("ellipsoid", {}),
    ("ellipsoid", {"law": "normal", "level": 3.0}),
    ("elliptical", {}),
    ("gaussian_mixture", {"parts": 3, "vectors": 600}),
    ("gaussian_mixture", {}),
    ("radial_mixture", {"parts": 3, "K": 9, "vectors": 600}),
    ("radial_mixture", {"parts": 2, "radius": 0.35}),
    ("flow", {"K": 10, "epochs": 2, "vectors": 2000}),
    ("neighbours", {"k": 5}),
    ("conditional", {"selection": "smiling"}),
    ("conditional", {"selection": "smiling", "base": {"generator": "ellipse", "K": 7}}),
]
ENUMERATIONS = [
    ("grid", {"points": 29}),
    ("path", {"points": 700}),
    ("path", {"points": 700, "between": ["0.jpg", "5.jpg"]}),
]
each_law = pytest.mark.parametrize(("name", "parameters"), CASES)
each_case = pytest.mark.parametrize(("name", "parameters"), CASES + ENUMERATIONS)


@pytest.fixture(scope="module")
def z() -> np.ndarray:
    return mixed()


@pytest.fixture(scope="module")
def statistics(z: np.ndarray) -> xr.Dataset:
    """Statistics for every generator; `conditional` refuses those of another selection."""
    return describe(z).assign_attrs(selection="smiling", query="Smiling")


@pytest.fixture(scope="module")
def latents(z: np.ndarray) -> xr.Dataset:
    names = [f"{row}.jpg" for row in range(len(z))]
    return xr.Dataset(
        {"z": (("image", "component"), da.from_array(z, chunks=(1024, -1)))},
        coords={"image": ("image", names), "Smiling": ("image", np.arange(len(z)) % 2 == 0)},
    )


@each_case
def test_draw_rows__any_slice_is_the_same_bytes(
    statistics: xr.Dataset, latents: xr.Dataset, name: str, parameters: dict
) -> None:
    sampler = generator(name, **parameters).fit(statistics, latents)
    basis = Basis.from_statistics(statistics)
    whole = draw_rows(sampler, basis, 5, 0, 3 * BLOCK)
    elsewhere = pickle.loads(pickle.dumps(sampler))

    @settings(max_examples=12)
    @given(cuts=st.lists(st.integers(0, 3 * BLOCK), min_size=2, max_size=2))
    def compare(cuts: list[int]) -> None:
        start, stop = sorted(cuts)
        part = draw_rows(elsewhere, basis, 5, start, stop)
        for ours, all_of_them in zip(part, whole, strict=True):
            assert ours.tobytes() == all_of_them[start:stop].tobytes()

    compare()


@each_case
def test_draw_rows__a_second_fit_draws_the_same_bytes(
    statistics: xr.Dataset, latents: xr.Dataset, name: str, parameters: dict
) -> None:
    rechunked = latents.assign(z=latents["z"].chunk(image=700))

    first = draw(name, statistics, BLOCK, seed=2, latents=latents, **parameters)
    second = draw(name, statistics, BLOCK, seed=2, latents=rechunked, **parameters)

    assert first["z"].values.tobytes() == second["z"].values.tobytes()


@each_case
def test_draw__names_and_types_are_those_of_the_store(
    statistics: xr.Dataset, latents: xr.Dataset, name: str, parameters: dict
) -> None:
    drawn = draw(name, statistics, 100, seed=3, latents=latents, **parameters)

    assert drawn["z"].dims == ("sample", "component")
    assert drawn["v"].dims == ("sample", "pc")
    assert drawn["z"].dtype == drawn["v"].dtype == np.float32
    assert drawn.sizes == {"sample": 100, "component": COMPONENTS, "pc": COMPONENTS}
    assert drawn.attrs["generator"] == name
    assert drawn.attrs["seed"] == 3
    assert nested(drawn.attrs, "parameters").keys() >= parameters.keys()
    assert drawn.attrs["constraint"]


@each_case
def test_draw__v_are_the_pca_coordinates_of_z(
    statistics: xr.Dataset, latents: xr.Dataset, name: str, parameters: dict
) -> None:
    drawn = draw(name, statistics, 500, latents=latents, **parameters)

    offsets = drawn["z"].values - statistics["mean"].values
    expected = offsets @ statistics["loadings"].values.T
    np.testing.assert_allclose(drawn["v"], expected, atol=1e-5)


@each_law
def test_draw__differs_by_seed_and_sample(
    statistics: xr.Dataset, latents: xr.Dataset, name: str, parameters: dict
) -> None:
    z = draw(name, statistics, 2 * BLOCK, latents=latents, **parameters)["z"].values
    other = draw(name, statistics, 2 * BLOCK, 1, latents=latents, **parameters)["z"].values

    assert len(np.unique(np.concatenate([z, other]), axis=0)) == 4 * BLOCK


def test_draw__uniform_fills_the_cube(statistics: xr.Dataset) -> None:
    z = draw("uniform", statistics, 8000, b=2.5)["z"].values

    assert np.abs(z).max() <= 2.5
    assert stats.kstest(z.ravel(), stats.uniform(-2.5, 5).cdf).pvalue > 1e-3
    assert np.abs(np.corrcoef(z, rowvar=False) - np.eye(COMPONENTS)).max() < 0.06


def test_draw__gaussian_has_means_and_deviations_but_no_correlations(
    statistics: xr.Dataset,
) -> None:
    z = draw("gaussian", statistics, 20_000)["z"].values.astype(np.float64)

    standard = (z - statistics["mean"].values) / np.sqrt(statistics["variance"].values)
    assert stats.kstest(standard.ravel(), stats.norm.cdf).pvalue > 1e-3
    assert np.abs(np.cov(standard, rowvar=False) - np.eye(COMPONENTS)).max() < 0.05


def test_draw__multivariate_normal_has_the_full_covariance(statistics: xr.Dataset) -> None:
    z = draw("multivariate_normal", statistics, 20_000)["z"].values.astype(np.float64)

    whitened = np.linalg.solve(
        np.linalg.cholesky(statistics["covariance"].values), (z - statistics["mean"].values).T
    )
    assert stats.kstest(whitened.ravel(), stats.norm.cdf).pvalue > 1e-3
    assert np.abs(np.cov(whitened) - np.eye(COMPONENTS)).max() < 0.05


def test_draw__multivariate_normal_keeps_to_the_subspace_of_a_singular_covariance() -> None:
    rng = np.random.default_rng(1)
    plane = rng.standard_normal((2, 6))
    data = rng.standard_normal((500, 2)) @ plane + 1.0

    drawn = draw("multivariate_normal", describe(data), 1000)

    offsets = drawn["z"].values.astype(np.float64) - data.mean(axis=0)
    residual = offsets - offsets @ np.linalg.pinv(plane) @ plane
    assert np.abs(residual).max() < 1e-5
    assert not drawn["v"].values[:, 2:].any()
    np.testing.assert_allclose(
        drawn["v"].std("sample")[:2], describe(data)["explained_variance"][:2] ** 0.5, rtol=0.1
    )


def test_draw__conditional_names_its_query_in_the_constraint(
    statistics: xr.Dataset,
) -> None:
    base = {"generator": "ellipse", "K": 7}

    constraint = draw("conditional", statistics, 1, selection="smiling", base=base).constraint

    alone = draw("ellipse", statistics, 1, K=7).constraint
    assert constraint == f"of the vectors with Smiling: {alone}"


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        (
            "normal",
            {},
            r"Unknown generator 'normal'; did you mean multivariate_normal\? Choose one of ",
        ),
        ("walk", {}, "Unknown generator 'walk'; choose one of uniform, gaussian"),
        ("ellipse", {"Fact": 1}, r"Fact = 1: no such setting \(did you mean fact\?\). It takes: K"),
        ("uniform", {"b": 0}, "b = 0: expected more than 0"),
        ("uniform", {"b": float("inf")}, "b = inf"),
        ("ellipse", {"fact": -1}, "fact = -1"),
        ("ellipse", {"K": 0}, "K = 0"),
        ("ellipse", {"law": "oval"}, "law = 'oval'"),
        ("ellipse", {"fact": float("nan")}, "fact = nan"),
        ("ellipsoid", {"level": 0}, "level = 0: expected more than 0"),
        ("ellipsoid", {"law": "normal", "level": 1e-12}, "raise level, or set law to uniform"),
        ("ellipse_original", {"level": -1}, "level = -1"),
        ("ellipse_original", {"sweeps": 0}, "sweeps = 0"),
        ("gaussian_mixture", {"parts": 0}, "parts = 0"),
        ("gaussian_mixture", {}, "pass latents=store.latents"),
        ("radial_mixture", {"K": 0}, "K = 0"),
        ("radial_mixture", {"radius": 1.5}, "radius = 1.5"),
        ("conditional", {}, "'conditional': selection must be set"),
        (
            "conditional",
            {"selection": "a", "base": {"generator": "conditional"}},
            "base generator has to be one of uniform, .*, path; it is conditional",
        ),
        (
            "conditional",
            {"selection": "a", "base": {"generator": "ellipse", "K": 0}},
            r" base\.K = 0",
        ),
        ("grid", {"axes": [0, 0]}, "name a component twice"),
        ("grid", {"axes": [COMPONENTS]}, f"numbered from 0 to {COMPONENTS - 1}: change axes"),
        ("path", {"axes": [1, 1]}, "name two components"),
        ("path", {"axes": [0, COMPONENTS]}, "change axes"),
        ("path", {"angles": [0, float("inf")]}, "expected a finite number"),
        ("gaussian", {"b": 1}, "b = 1: no such setting"),
        ("ellipse", {"K": COMPONENTS + 1}, f"vary along {COMPONENTS} only: set K to at most"),
        ("uniform", {"seed": -1}, "seed = -1: expected an integer that is not negative"),
        ("uniform", {"seed": 1.5}, "seed = 1.5: expected an integer"),
        ("uniform", {"seed": None}, "seed = None: expected an integer"),
        ("uniform", {"seed": "a"}, "seed = 'a': expected an integer"),
        ("uniform", {"n": -1}, "expected the number of vectors"),
    ],
)
def test_draw__refuses_bad_parameters(
    statistics: xr.Dataset, name: str, parameters: dict, message: str
) -> None:
    arguments = {"n": 5, **parameters}

    with pytest.raises(SampleError, match=message):
        draw(name, statistics, **arguments)


@pytest.mark.parametrize("name", sorted({*GENERATORS} - {"uniform", "conditional"}))
def test_draw__refuses_statistics_of_a_single_vector(name: str) -> None:
    with pytest.raises(SampleError, match="at least 2 vectors, not 1"):
        draw(name, describe(np.ones((1, 3))), 5)


@each_case
def test_draw_rows__memory_does_not_grow_with_the_number_of_vectors(
    statistics: xr.Dataset, latents: xr.Dataset, name: str, parameters: dict
) -> None:
    sampler = generator(name, **parameters).fit(statistics, latents)
    basis = Basis.from_statistics(statistics)
    vectors = (2 if name == "ellipse_original" else 40) * 1000

    tracemalloc.start()
    for start in range(0, vectors, 500):
        draw_rows(sampler, basis, 0, start, start + 500)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4 * 2**20


def test_parameters__are_distinguished_by_generator() -> None:
    adapter: TypeAdapter = TypeAdapter(Parameters)

    for name, kind in GENERATORS.items():
        needed = {"selection": "smiling"} if name == "conditional" else {}
        parameters = adapter.validate_python({"generator": name, **needed})
        assert type(parameters) is kind
        assert adapter.validate_python(parameters.model_dump(mode="json")) == parameters
    with pytest.raises(ValidationError, match=r"has to be one of uniform, .*; it is unknown"):
        adapter.validate_python({"generator": "unknown"})


def test_draw__generators_of_one_seed_have_random_numbers_of_their_own(
    statistics: xr.Dataset,
) -> None:
    def directions(name: str, **options: bool) -> np.ndarray:
        v = draw(name, statistics, 200, seed=4, **options)["v"].values.astype(np.float64)
        w = v / np.sqrt(statistics["explained_variance"].values)
        return w / np.linalg.norm(w, axis=1, keepdims=True)

    normal, ball = directions("multivariate_normal"), directions("ellipsoid")
    cosine = np.sum(normal * ball, axis=1)
    assert np.abs(cosine).max() < 0.9
    paired = directions("multivariate_normal", paired=True), directions("ellipsoid", paired=True)
    np.testing.assert_allclose(*paired, atol=1e-5)


def test_draw_rows__the_stream_of_a_name_stays_the_same(statistics: xr.Dataset) -> None:
    sampler = generator("uniform", b=1).fit(statistics)
    basis = Basis.from_statistics(statistics)

    named = draw_rows(sampler, basis, 7, 0, 1, name="uniform")[0]
    shared = draw_rows(sampler, basis, 7, 0, 1)[0]

    assert (
        named[0, :2].tolist() == draw("uniform", statistics, 1, 7, b=1)["z"][0, :2].values.tolist()
    )
    number = int.from_bytes(hashlib.sha256(b"uniform").digest()[:8], "little")
    for z, entropy in ((named, (7, number, 0)), (shared, (7, 0))):
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(entropy)))
        np.testing.assert_allclose(z[0], 2 * rng.random(COMPONENTS) - 1, rtol=1e-6)
