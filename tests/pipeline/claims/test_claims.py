"""Claims of the source on distributions for which they hold and for which they fail."""

from collections.abc import Callable

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from zpoints.pipeline.analyze import AnalyzeConfig, analyze
from zpoints.pipeline.claims import Claim, claims, faces_claim, normality, uniform_claims
from zpoints.pipeline.claims.densities import tilts
from zpoints.pipeline.claims.uniform import uniform_misses
from zpoints.pipeline.sample.region import uniform_hits

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def statistics_of(z: np.ndarray, **settings: object) -> xr.Dataset:
    return analyze(da.from_array(z, chunks=(2000, -1)), AnalyzeConfig.model_validate(settings))


def claim(number: int, z: np.ndarray, **settings: object) -> Claim:
    (found,) = (one for one in claims(statistics_of(z, **settings)) if one.number == number)
    return found


def normal(n: int = 4000, components: int = 8, *, scale: float = 1.0, seed: int = 0) -> np.ndarray:
    return scale * np.random.default_rng(seed).normal(size=(n, components))


def test_claims__are_those_of_vectors_in_order_for_any_vectors() -> None:
    for z in (normal(), normal(1), np.full((50, 3), 2.0), normal(40, 2)):
        found = claims(statistics_of(z))
        assert [one.number for one in found] == [*range(1, 11), *range(14, 18)]
        assert all(one.measured and one.threshold for one in found)


def test_normality__is_scipys() -> None:
    z = np.random.default_rng(1).gamma(4.0, size=(5000, 3))
    shape = normality(statistics_of(z))
    np.testing.assert_allclose(shape.skewness, stats.skew(z), atol=0.002)
    np.testing.assert_allclose(shape.kurtosis, stats.kurtosis(z), atol=0.02)
    for i in range(3):
        exact = stats.kstest(z[:, i], stats.norm(z[:, i].mean(), z[:, i].std(ddof=1)).cdf)
        assert shape.distance[i] == pytest.approx(exact.statistic, abs=0.005)


@pytest.mark.parametrize("n", [200, 1000, 20_000])
@pytest.mark.parametrize(
    ("draw", "gaussian"),
    [
        (lambda rng, size: rng.normal(3, 0.01, size), True),
        (lambda rng, size: rng.uniform(size=size), False),
        (lambda rng, size: rng.exponential(size=size), False),
        (lambda rng, size: rng.laplace(size=size), False),
        (lambda rng, size: rng.normal(size=size) + 4 * rng.integers(0, 2, size), False),
    ],
    ids=["normal", "uniform", "exponential", "laplace", "two hills"],
)
def test_looks_gaussian__distinguishes_shapes(draw: Draw, gaussian: bool, n: int) -> None:
    shape = normality(statistics_of(draw(np.random.default_rng(4), (n, 40))))
    share = shape.looks_gaussian.mean()
    if gaussian:
        assert share >= 0.9
    elif n >= 1000:
        assert share <= 0.15


def test_claim_1__needs_most_components() -> None:
    rng = np.random.default_rng(0)
    z = normal(components=10)
    z[:, :4] = rng.exponential(size=(len(z), 4))
    assert claim(1, z).holds
    assert claim(1, z).values["gaussian"] == 6
    z[:, 4:6] = rng.uniform(size=(len(z), 2))
    assert claim(1, z).holds is False
    z[:, 4:] = 1.0  # constant components do not count
    assert claim(1, z).measured.startswith("0 of 4")
    assert claim(1, np.ones((50, 3))).holds is None


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_claim_2__depends_on_no_scale(scale: float) -> None:
    z = normal(components=20)
    z[:, :2] += 3
    assert claim(2, scale * z).holds
    z[:, 2] += 3
    assert claim(2, scale * z).holds is False


def test_claim_3__lets_one_value_in_ten_thousand_outside() -> None:
    z = normal(10_000, 2)
    z[:2, 0] = 12.5
    found = claim(3, z)
    assert found.holds
    assert found.values["share_outside"] == pytest.approx(1e-4)
    assert found.values["maximum"] == 12.5
    z[2, 1] = -13
    assert claim(3, z).holds is False
    assert claim(3, normal(scale=2.5)).values["share_outside"] == 0


@pytest.mark.parametrize(
    ("number", "reaching"),
    [(4, 25), (5, 10)],
)
def test_claims_4_and_5__count_components_far_from_zero(number: int, reaching: int) -> None:
    z = normal(2000, 256, scale=0.02)
    z[:, :reaching] += 1.5
    assert claim(number, z).holds
    assert claim(number, z).measured.startswith(f"{reaching} of 256 in latent units")
    z[:, reaching] -= 1.5
    assert claim(number, z).holds is False


@pytest.mark.parametrize(("number", "least", "reaching"), [(6, 1.0, 40), (7, 1.5, 20), (8, 3.0, 5)])
def test_claims_6_to_8__count_wide_components(number: int, least: float, reaching: int) -> None:
    z = normal(2000, 256, scale=0.1)
    z[:, :reaching] *= 10 * least
    assert claim(number, z).holds
    z[:, reaching] *= 10 * least
    found = claim(number, z)
    assert (found.holds, found.values["components"]) == (False, reaching + 1)


def test_claims_4_to_8__are_in_proportion_to_the_components() -> None:
    found = claim(8, normal(2000, 128))
    assert found.values["allowed"] == 2.5
    assert found.threshold == "≤ 2 of 128 (as 5 of 256), in latent units and rescaled"


def test_claim_9__needs_a_strong_pair_among_the_dominant() -> None:
    z = normal(components=12)
    assert claim(9, z).holds is False
    z[:, 0] = z[:, 1] + z[:, 0]
    found = claim(9, z)
    assert found.holds
    assert found.values["largest"] == pytest.approx(np.abs(np.corrcoef(z[:, :2].T)[0, 1]))
    assert found.values["strong_pairs"] == 1
    assert claim(9, 0.01 * z).holds is None


def test_claim_10__holds_for_normal_vectors_and_not_for_a_cross() -> None:
    rng = np.random.default_rng(3)
    z = normal(20_000, 6) @ rng.normal(size=(6, 6))
    found = claim(10, z)
    assert found.holds
    assert found.values["tilt"] > 0.2 > 0.1 > found.values["pc_tilt"]
    assert found.values["normal_tilt"] < 0.05
    cross = rng.normal(size=(20_000, 3)) * 0.1
    cross[np.arange(20_000), rng.integers(0, 3, 20_000)] *= 30
    assert claim(10, cross).holds is False
    assert claim(10, z[:50]).holds is None
    assert claim(10, z, pairs={"original": [], "pc": []}).holds is None


def test_tilts__are_the_correlation_of_the_normal_distribution() -> None:
    covariance = np.array([[4.0, -1.2], [-1.2, 1.0]])
    z = np.random.default_rng(0).multivariate_normal([0, 0], covariance, 200_000)
    found = tilts(statistics_of(z, pairs={"original": [[0, 1]]}), prefix="")
    np.testing.assert_allclose(found, 0.6, atol=0.05)


def test_claim_11__counts_hits_of_the_sources_cell() -> None:
    far = statistics_of(normal(components=64, scale=0.1))
    near = statistics_of(normal(components=1))
    assert uniform_claims(far)[0].holds
    found = uniform_misses(near, uniform_hits(near, vectors=2000))
    assert found.holds is False
    assert found.values["hits"] == pytest.approx(
        2000 * 10 ** found.values["log10_probability"], abs=150
    )


@pytest.mark.parametrize(("scale", "holds"), [(0.3, False), (0.9, True), (2.0, False)])
def test_claim_12__finds_the_matching_b(scale: float, holds: bool) -> None:
    z = normal(4000, 64, scale=scale)
    found = uniform_claims(statistics_of(z))[1]
    assert found.holds is holds
    b = found.values["b_median"]
    uniform = np.random.default_rng(9).uniform(-b, b, (4000, 64))
    assert np.linalg.norm(uniform, axis=1).mean() == pytest.approx(
        np.median(np.linalg.norm(z, axis=1)), rel=0.01
    )


def test_claim_13__compares_face_rates_with_those_of_reconstructions() -> None:
    laws = {"e": "ellipse", "f": "ellipse", "u": "uniform", "g": "gaussian"}
    rates = {"e": 0.5, "f": 0.48, "u": 0.05, "g": 0.2}
    assert faces_claim(rates, laws, reference=0.52).holds
    assert faces_claim(rates, laws).holds is False
    assert faces_claim(rates | {"u": 0.06}, laws, reference=0.52).holds is False
    missing = faces_claim({"e": 0.9}, laws)
    assert missing.holds is None
    assert "no face rates of uniform" in missing.measured
    assert faces_claim(rates, laws, reference=0.0).holds is None


@pytest.mark.parametrize(
    ("z", "reason"),
    [
        (np.ones((200, 4)), "no component varies"),
        (np.random.default_rng(0).normal(size=(20, 4)), "20 vectors; at least 100 are needed"),
    ],
)
def test_claim_11__is_not_decided_without_a_region(z: np.ndarray, reason: str) -> None:
    statistics = analyze(da.from_array(z))

    found = uniform_misses(statistics, uniform_hits(statistics, vectors=100))

    assert (found.holds, found.measured) == (None, reason)
