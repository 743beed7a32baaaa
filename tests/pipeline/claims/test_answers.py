"""Answers to the questions of the source, on clouds for which they are known."""

from collections.abc import Callable

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from tests.pipeline.claims.clouds import (
    COMPONENTS,
    VECTORS,
    as_claimed,
    clusters,
    heavy_tailed,
    rotated,
    uncorrelated,
)
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.claims import Answers, answers
from zpoints.pipeline.claims.original_ellipses import radii_of_ellipses
from zpoints.pipeline.errors import AnalyzeError
from zpoints.pipeline.latent_space.arrays import open_arrays
from zpoints.pipeline.sample.region import mahalanobis_radius
from zpoints.pipeline.structure.against_normal import compare_with_normal

Draw = Callable[[int], np.ndarray]


def spreads_that_vary_together(seed: int) -> np.ndarray:
    """Uncorrelated components, of which every second has a spread of its own for each vector."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(VECTORS, COMPONENTS))
    z[:, ::2] *= np.exp(0.4 * rng.normal(size=(VECTORS, 1)))
    return z


def answers_on(z: np.ndarray) -> Answers:
    lazy = da.from_array(z, chunks=(1000, -1))
    statistics = analyze(lazy)
    basis = Basis.from_statistics(statistics)
    return answers(statistics, xr.Dataset(compare_with_normal(lazy, basis, clusters=10, seed=0)))


@pytest.mark.parametrize(
    ("cloud", "begin"),
    [
        (as_claimed, ("Yes", "No more than chance", "Essentially none")),
        (rotated, ("No", "No more than chance", "Essentially none")),
        (heavy_tailed, ("Yes", "No more than chance", "Essentially none")),
        (spreads_that_vary_together, ("Yes", "Yes, weak", "Essentially none")),
        (clusters, ("No", "Yes", "Yes")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_answers__of_known_clouds(cloud: Draw, begin: tuple[str, ...]) -> None:
    found = answers_on(cloud(0))

    assert [a.answer for a, b in zip(found, begin, strict=True) if not a.answer.startswith(b)] == []
    assert list(found.frame.index) == ["ellipses", "micro-correlations", "clusters"]
    assert found._repr_html_().count("<tr>") == 4


def test_answers__state_what_is_not_decided() -> None:
    few = answers_on(uncorrelated(0)[:500])
    assert all(a.answer == "Not decided: 500 vectors; at least 640 are needed." for a in few)
    alone = answers(analyze(da.from_array(uncorrelated(0))))
    assert [bool(a.values) for a in alone] == [True, False, False]
    assert "zpoints run" in alone[1].answer


def test_answers__refuse_another_group() -> None:
    with pytest.raises(AnalyzeError, match=r"store\.answers"):
        answers(xr.Dataset())


def test_radii_of_ellipses__without_correlation_both_are_the_same_law() -> None:
    found = radii_of_ellipses(analyze(da.from_array(uncorrelated(0))))

    expected = 3 * np.sqrt(COMPONENTS / 6)  # standard deviation 1/sqrt(6) of the uniform law
    assert found.pca.mean() == pytest.approx(expected, rel=0.02)
    assert found.original.mean() == pytest.approx(found.pca.mean(), rel=0.03)


def test_radii_of_ellipses__of_wide_vectors_compare_the_widest_components() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4000, 300)) * np.where(np.arange(300) < 44, 0.01, 1.0)
    found = radii_of_ellipses(analyze(da.from_array(z)))
    assert found.components == 256
    assert found.data == pytest.approx(
        mahalanobis_radius(z[:, 44:], analyze(z[:, 44:])).mean(), rel=0.01
    )


def test_answers__of_arrays_ignore_vectors_that_are_not_finite() -> None:
    z = clusters(1)
    whole = open_arrays(z).answers
    with_nan = np.concatenate([z, np.full((3, COMPONENTS), np.nan)])
    assert repr(open_arrays(with_nan).answers) == repr(whole)


def test_answers__two_components_decide_no_micro_correlations() -> None:
    found = answers_on(np.random.default_rng(0).normal(size=(400, 2)))

    assert found[1].answer.startswith("Not decided: 2 principal components vary")
    assert not found[1].values
