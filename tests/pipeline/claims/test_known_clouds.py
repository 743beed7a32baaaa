"""Verdicts on clouds for which they are known, in both directions."""

from collections.abc import Callable

import dask.array as da
import numpy as np
import pytest

from tests.pipeline.claims.clouds import CLOUDS, as_claimed, uniform
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.claims import Verdicts, all_claims
from zpoints.pipeline.claims.components import source_scale
from zpoints.pipeline.claims.densities import nested_ellipses
from zpoints.pipeline.claims.normal_densities import normal_densities
from zpoints.pipeline.claims.normal_radii import normal_radii
from zpoints.pipeline.sample.region import uniform_hits

Draw = Callable[[int], np.ndarray]


def verdicts_on(z: np.ndarray) -> Verdicts:
    statistics = analyze(da.from_array(z, chunks=(2000, -1)))
    hits = uniform_hits(statistics, (12.0,), (3.0,), vectors=2000)
    return all_claims(statistics, None, {}, hits=hits)


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.__name__)
def test_all_claims__verdicts_on_known_clouds(cloud: Draw) -> None:
    hold, fail = CLOUDS[cloud]

    found = {claim.number: claim for claim in verdicts_on(cloud(0))}

    wrong = {n: found[n].measured for n in hold if found[n].holds is not True}
    wrong |= {n: found[n].measured for n in fail if found[n].holds is not False}
    assert wrong == {}
    assert 13 not in found  # it is about images


def test_known_clouds__decide_every_claim_in_both_directions() -> None:
    holding, failing = (set().union(*(sets[of] for sets in CLOUDS.values())) for of in (0, 1))
    assert holding == failing == {*range(1, 18)} - {13}


def test_all_claims__few_vectors_let_nothing_hold() -> None:
    found = verdicts_on(as_claimed(0)[:80])
    assert {claim.number: claim.measured for claim in found if claim.holds} == {}
    assert "at least 100 are needed" in found[1].measured


@pytest.mark.parametrize("draw", [as_claimed, uniform], ids=["normal", "uniform"])
def test_claims_4_to_8__no_scale_makes_them_hold(draw: Draw) -> None:
    z = draw(0)
    z[:, :32] += 3.0  # far more than a tenth of the components are far from zero
    small = {claim.number: claim for claim in verdicts_on(0.01 * z)}
    assert small[4].values["components"] == 0
    assert small[4].holds is False
    assert small[4].values["rescaled"] >= 32


def test_source_scale__gives_the_median_length_of_uniform_vectors() -> None:
    z = 0.2 * uniform(1)
    found = source_scale(analyze(da.from_array(z)))
    assert found == pytest.approx(5.0, rel=0.01)


@pytest.mark.parametrize("vectors", [1000, 4000, 60_000])
def test_normal_densities__is_the_ellipticity_of_normal_vectors(vectors: int) -> None:
    z = np.random.default_rng(2).normal(size=(vectors, 8))
    z[:, 0] += 2 * z[:, 1]
    statistics = analyze(da.from_array(z, chunks=(20_000, -1)))

    null = normal_densities(statistics, prefix="")

    measured = nested_ellipses(statistics).values
    assert measured["ellipticity"] == pytest.approx(null.ellipticity, abs=0.03)
    assert measured["pc_tilt"] == pytest.approx(measured["pc_normal_tilt"], abs=0.03)


@pytest.mark.parametrize(("vectors", "components"), [(60, 4), (400, 32), (60_000, 4)])
def test_normal_radii__are_those_of_normal_vectors(vectors: int, components: int) -> None:
    rng, radii = np.random.default_rng(3), []
    for _ in range(max(2, 60_000 // vectors)):
        z = rng.normal(size=(vectors, components))
        z -= z.mean(axis=0)
        radii.append(np.sqrt(np.sum(z * np.linalg.solve(np.cov(z.T), z.T).T, axis=1)))
    measured = np.concatenate(radii)
    core = float(np.quantile(measured, 0.98))

    found = normal_radii(vectors, components, core)

    assert found.mean == pytest.approx(measured.mean(), rel=0.005)
    assert found.spread == pytest.approx(measured.std(), rel=0.02)
    assert found.outside == pytest.approx(0.02, abs=0.002)


def test_claim_10__contours_that_lie_askew_of_the_principal_axes_fail() -> None:
    rng, n = np.random.default_rng(4), 20_000
    core = rng.multivariate_normal([0, 0], [[1.0, 0.7], [0.7, 1.0]], n)
    far = rng.multivariate_normal([0, 0], [[36.0, -34.0], [-34.0, 36.5]], n // 20)
    found = nested_ellipses(analyze(da.from_array(np.concatenate([core, far]))))
    assert found.holds is False
    assert found.values["pc_normal_tilt"] < 0.05


def test_claim_16__a_centre_at_zero_is_not_decided() -> None:
    z = np.random.default_rng(0).normal(size=(2000, 64))
    found = {claim.number: claim for claim in verdicts_on(z)}
    assert found[16].holds is None
    assert "not distinct from 0" in found[16].measured
