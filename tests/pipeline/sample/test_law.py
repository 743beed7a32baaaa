"""Temperature and radius, which every law of the region has."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from tests.pipeline.analyze.mixed import COMPONENTS, describe, mixed
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample import GENERATORS, draw
from zpoints.pipeline.sample.laws.law import Law, radius_quantile
from zpoints.pipeline.sample.region import mahalanobis_radius, pair_violations

NO_LAWS = {"uniform", "grid", "path", "conditional"}
LAWS = sorted({*GENERATORS} - NO_LAWS)
each_law = pytest.mark.parametrize("name", LAWS)
SMALL = {"flow": {"epochs": 1, "vectors": 2000}, "gaussian_mixture": {"parts": 2}}


@pytest.fixture(scope="module")
def z() -> np.ndarray:
    return mixed()


@pytest.fixture(scope="module")
def statistics(z: np.ndarray) -> xr.Dataset:
    return describe(z)


@pytest.fixture(scope="module")
def latents(z: np.ndarray) -> xr.Dataset:
    names = [f"{row}.jpg" for row in range(len(z))]
    return xr.Dataset(
        {"z": (("image", "component"), da.from_array(z, chunks=(1024, -1)))},
        coords={"image": ("image", names)},
    )


def test_law__is_the_base_of_every_law() -> None:
    assert {name for name, kind in GENERATORS.items() if issubclass(kind, Law)} == {*LAWS}


@each_law
def test_temperature__scales_deviations_from_the_mean(
    statistics: xr.Dataset, latents: xr.Dataset, name: str
) -> None:
    given = {"latents": latents, **SMALL.get(name, {})}

    warm = draw(name, statistics, 300, temperature=1.5, **given)
    plain = draw(name, statistics, 300, **given)

    np.testing.assert_allclose(warm["v"], 1.5 * plain["v"], atol=1e-4)
    assert warm.attrs["constraint"].endswith("; then deviations from the mean times 1.5")


def test_temperature__scales_the_covariance(statistics: xr.Dataset) -> None:
    drawn = draw("multivariate_normal", statistics, 20_000, temperature=0.5)["v"].values

    variance = drawn.astype(np.float64).var(axis=0) / statistics["explained_variance"].values
    np.testing.assert_allclose(variance, 0.25, rtol=0.06)


@each_law
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_radius__draws_long_vectors_in_and_leaves_the_others(
    statistics: xr.Dataset, latents: xr.Dataset, name: str, temperature: float
) -> None:
    given = {"latents": latents, "temperature": temperature, **SMALL.get(name, {})}
    largest = radius_quantile(statistics, 0.35)

    bounded = draw(name, statistics, 300, radius=0.35, **given)
    free = draw(name, statistics, 300, **given)

    deviations = np.sqrt(statistics["explained_variance"].values)
    lengths, before = (
        np.linalg.norm(each["v"].values / deviations, axis=1) for each in (bounded, free)
    )
    assert lengths.max() <= largest
    # z is rounded to 32 bits beside the mean: a narrow component shows it.
    assert mahalanobis_radius(bounded["z"].values, statistics).max() <= largest * 1.001
    assert before.max() > largest or temperature == 1
    factor = np.minimum(1, largest / before)
    np.testing.assert_allclose(bounded["v"], free["v"] * factor[:, None], rtol=1e-5, atol=1e-6)
    assert "the 0.35 quantile" in bounded.attrs["constraint"]


@pytest.mark.parametrize("quantile", [0.01, 0.35, 0.9, 1.0])
def test_radius_quantile__is_that_of_the_vectors_to_within_an_interval(
    z: np.ndarray, statistics: xr.Dataset, quantile: float
) -> None:
    radii = mahalanobis_radius(z, statistics)

    width = np.diff(statistics["mahalanobis_edges"].values).max()
    expected = min(np.quantile(radii, quantile), float(statistics["mahalanobis_edges"][-1]))
    assert radius_quantile(statistics, quantile) == pytest.approx(expected, abs=width)


@pytest.mark.parametrize(("temperature", "radius"), [(1.0, 0.3), (1.4, None), (0.7, 0.2)])
def test_ellipse__keeps_the_pair_condition_that_temperature_scales(
    statistics: xr.Dataset, temperature: float, radius: float | None
) -> None:
    drawn = draw("ellipse", statistics, 2000, K=12, temperature=temperature, radius=radius)

    z = drawn["v"].values.astype(np.float64) @ statistics["loadings"].values
    z += statistics["mean"].values
    assert not pair_violations(z, statistics, K=12, fact=0.7 * temperature).any()
    smaller = 0.9 * temperature if radius is None else 0.3 * temperature
    assert pair_violations(z, statistics, K=12, fact=0.7 * smaller).any()


def test_conditional__hands_on_the_temperature_and_radius_of_its_base(
    statistics: xr.Dataset,
) -> None:
    selected = statistics.assign_attrs(selection="smiling", query="Smiling")
    base = {"generator": "gaussian", "temperature": 3, "radius": 0.5}

    drawn = draw("conditional", selected, 300, selection="smiling", base=base)

    largest = radius_quantile(statistics, 0.5)
    assert mahalanobis_radius(drawn["z"].values, statistics).max() <= largest * 1.001
    assert "times 3; then Mahalanobis radius" in drawn.attrs["constraint"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"temperature": 0}, "temperature = 0: expected more than 0"),
        ({"temperature": float("inf")}, "temperature = inf"),
        ({"radius": 0}, "radius = 0: expected more than 0"),
        ({"radius": 1.1}, r"radius = 1\.1: expected at most 1"),
    ],
)
def test_law__refuses_what_is_out_of_range(
    statistics: xr.Dataset, parameters: dict, message: str
) -> None:
    with pytest.raises(SampleError, match=message):
        draw("gaussian", statistics, 5, **parameters)


def test_uniform__is_no_law_of_the_region(statistics: xr.Dataset) -> None:
    with pytest.raises(SampleError, match="temperature = 2: no such setting"):
        draw("uniform", statistics, COMPONENTS, temperature=2)
