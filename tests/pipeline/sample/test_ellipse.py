"""The generator `ellipse`: every pair of kept components is inside its ellipse."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from tests.pipeline.analyze.mixed import COMPONENTS, describe, mixed
from zpoints.pipeline.analyze import AnalyzeConfig
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample import draw
from zpoints.pipeline.sample.region import pair_violations


@pytest.fixture(scope="module")
def statistics() -> xr.Dataset:
    return describe(mixed())


@pytest.mark.parametrize("law", ["pairwise", "uniform", "normal"])
@pytest.mark.parametrize(("kept", "fact"), [(1, 0.7), (10, 0.7), (COMPONENTS, 0.6)])
def test_draw__ellipse_satisfies_every_pair_as_stored(
    statistics: xr.Dataset, law: str, kept: int, fact: float
) -> None:
    v = draw("ellipse", statistics, 20_000, K=kept, fact=fact, law=law)["v"].values

    u = v[:, :kept].astype(np.float64) / (fact * statistics["pc_hw"].values[:kept])
    assert (np.sort(u * u, axis=1)[:, -2:].sum(axis=1) <= 1).all()
    assert np.abs(u).max() > 0.78
    assert not v[:, kept:].any()


@pytest.mark.parametrize("law", ["pairwise", "uniform", "normal"])
def test_draw__ellipse_of_the_core_is_as_wide_as_the_core(law: str) -> None:
    z = np.random.default_rng(4).standard_t(3, size=(4000, COMPONENTS)) * np.arange(
        1, 1 + COMPONENTS
    )
    statistics = describe(z, AnalyzeConfig(core_level=1.5))
    core = statistics.assign(
        pc_hw=statistics["core_pc_hw"], explained_variance=statistics["core_pc_std"] ** 2
    )

    drawn = draw("ellipse", statistics, 500, K=8, law=law, core=True)

    expected = draw("ellipse", core, 500, K=8, law=law)
    np.testing.assert_array_equal(drawn["v"], expected["v"])
    assert drawn["v"].std() < draw("ellipse", statistics, 500, K=8, law=law)["v"].std()
    assert "hw_i of the core" in drawn.attrs["constraint"]


def test_draw__ellipse_of_a_core_without_vectors_is_refused() -> None:
    z = np.random.default_rng(5).normal(size=(50, 4))
    statistics = describe(z).assign(core_count=1)

    with pytest.raises(SampleError, match=r"core, which holds 1 .* raise analyze.core_level"):
        draw("ellipse", statistics, 5, core=True)


def test_draw__ellipse_states_its_constraint(statistics: xr.Dataset) -> None:
    constraint = draw("ellipse", statistics, 1, K=10, fact=0.65).attrs["constraint"]

    assert "u_i^2 + u_j^2 <= 1 for every pair of the 10 leading" in constraint
    assert "0.65 hw_i" in constraint


def test_draw__ellipse_counts_only_components_that_vary() -> None:
    constant = np.random.default_rng(2).standard_normal((50, 6)) * [1, 1, 1, 1, 0, 0]

    with pytest.raises(SampleError, match="K to at most 4"):
        draw("ellipse", describe(constant), 5, K=5)
    assert "of the 4 leading" in draw("ellipse", describe(constant), 5).attrs["constraint"]


@pytest.mark.parametrize("law", ["pairwise", "uniform", "normal"])
def test_draw__ellipse_keeps_105_components_or_as_many_as_vary(law: str) -> None:
    rng = np.random.default_rng(4)
    many, few = describe(rng.standard_normal((300, 120))), describe(rng.standard_normal((30, 120)))

    for statistics, kept in ((many, 105), (few, 29)):
        v = draw("ellipse", statistics, 5, law=law)["v"].values
        assert v[:, :kept].all()
        assert not v[:, kept:].any()


@pytest.mark.parametrize("law", ["pairwise", "uniform", "normal"])
def test_draw__ellipse_of_sigma_is_that_of_hw_for_a_normal_distribution(
    statistics: xr.Dataset, law: str
) -> None:
    both = [
        draw("ellipse", statistics, 4000, K=6, law=law, widths=widths)["v"].std("sample")[:6]
        for widths in ("hw", "sigma")
    ]

    # The measured widths scatter by several percent.
    np.testing.assert_allclose((both[1] / both[0]).mean(), 1, atol=0.05)


def test_draw__ellipse_of_sigma_has_half_axes_of_the_standard_deviations() -> None:
    rng = np.random.default_rng(5)
    peaked = describe((rng.laplace(size=(20_000, 6)) * np.arange(6, 0, -1)).astype(np.float32))

    drawn = draw("ellipse", peaked, 3000, K=6, law="uniform", widths="sigma", fact=0.5)

    half_axes = 0.5 * 2 * np.sqrt(2 * np.log(2) * peaked["explained_variance"].values)
    u = drawn["v"].values / half_axes
    assert np.abs(u).max() <= 1
    assert (np.sort(u**2, axis=1)[:, -2:].sum(axis=1) <= 1).all()
    assert np.abs(u).max() > 0.95
    assert "u_i = v_i / (0.5 2.355 sigma_i)" in drawn.attrs["constraint"]
    options = {"K": 6, "fact": 0.5, "widths": "sigma"}
    assert not pair_violations(drawn["z"], peaked, **{**options, "fact": 0.5001}).any()
    # A Laplace distribution is far narrower at half maximum than a normal one of its sigma.
    assert pair_violations(drawn["z"], peaked, K=6, fact=0.5).mean() > 1


def clustered() -> tuple[np.ndarray, np.ndarray]:
    """Vectors of a core, and with outliers that turn the principal components of all."""
    rng = np.random.default_rng(8)
    core = rng.standard_normal((6000, 4)) * [3, 2, 1, 0.5] + 1.0
    far = rng.standard_normal((100, 4)) * 0.1 + [0, 0, 40, 40]
    return core.astype(np.float32), np.concatenate([core, far]).astype(np.float32)


def test_draw__ellipse_with_axes_of_the_core_is_that_of_the_core_alone() -> None:
    core, everything = clustered()
    latents = xr.Dataset(
        {"z": (("image", "component"), da.from_array(everything, chunks=(999, 4)))}
    )
    options = {"K": 4, "law": "uniform", "paired": True}

    drawn = draw("ellipse", describe(everything), 2000, latents=latents, pca="core", **options)
    plain = draw("ellipse", describe(everything), 2000, **options)

    alone = draw("ellipse", describe(core), 2000, **options)
    np.testing.assert_allclose(drawn["z"], alone["z"], atol=0.15)
    assert np.abs(plain["z"].values - alone["z"].values).max() > 1
    assert "of the 5,955 core vectors" in drawn.attrs["constraint"]


def test_draw__ellipse_with_axes_of_the_core_asks_for_the_vectors(statistics: xr.Dataset) -> None:
    with pytest.raises(SampleError, match=r"pass latents=store\.latents"):
        draw("ellipse", statistics, 1, pca="core")
