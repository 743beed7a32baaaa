"""Mergeable states against NumPy in float64, under every division of the vectors."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.analyze.reduction import merge_all
from zpoints.pipeline.analyze.states.moments import Moments
from zpoints.pipeline.analyze.states.state import State
from zpoints.pipeline.errors import AnalyzeError


def latents(count: int, components: int, dtype: str = "float32", seed: int = 0) -> np.ndarray:
    """Correlated, off-centre vectors of very unequal spread."""
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((components, components)) / np.sqrt(components)
    spread = np.geomspace(3.0, 1e-3, components)
    z = (rng.standard_normal((count, components)) * spread) @ mixing
    return (z + rng.normal(0, 0.5, components)).astype(dtype)


def assert_same_counts(one: State, other: State) -> None:
    assert one.nan_rows == other.nan_rows
    assert one.moments.count == other.moments.count
    for a, b in ((one.grid, other.grid), (one.radii.grid, other.radii.grid)):
        np.testing.assert_array_equal(a.minimum, b.minimum)
        np.testing.assert_array_equal(a.maximum, b.maximum)
        np.testing.assert_array_equal(a.exponent, b.exponent)
        np.testing.assert_array_equal(a.origin, b.origin)
        np.testing.assert_array_equal(a.counts, b.counts)


@st.composite
def divisions(draw: st.DrawFn, rows: int) -> list[np.ndarray]:
    """Row numbers 0 to rows - 1, shuffled and cut into parts, some of them empty."""
    order = draw(st.permutations(range(rows)))
    cuts = sorted(draw(st.lists(st.integers(0, rows), max_size=6)))
    return [np.array(part, dtype=int) for part in np.split(np.array(order, dtype=int), cuts)]


@st.composite
def divided(draw: st.DrawFn, elements: st.SearchStrategy[float]) -> tuple:
    shape = (draw(st.integers(1, 30)), draw(st.integers(1, 4)))
    z = draw(arrays.arrays(np.float32, shape, elements=elements))
    return z, draw(divisions(len(z)))


@settings(max_examples=150)
@given(divided(st.floats(width=32, allow_nan=True, allow_infinity=True)))
def test_merge__counts_are_bit_identical_for_any_parts_in_any_order(case: tuple) -> None:
    z, parts = case

    whole = State.from_vectors(z)
    merged = merge_all([State.from_vectors(z[part]) for part in parts])

    assert_same_counts(merged, whole)


@settings(max_examples=100)
@given(divided(st.floats(-100, 100, width=32)))
def test_merge__moments_equal_those_of_the_union(case: tuple) -> None:
    z, parts = case

    merged = merge_all([State.from_vectors(z[part]) for part in parts]).moments

    exact = z.astype(np.float64)
    deviations = exact - exact.mean(axis=0)
    scale = np.abs(exact).max() + 1e-300
    np.testing.assert_allclose(merged.mean, exact.mean(axis=0), atol=1e-12 * scale, rtol=0)
    np.testing.assert_allclose(
        merged.comoment, deviations.T @ deviations, atol=1e-11 * scale**2, rtol=0
    )


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
@pytest.mark.parametrize("shape", [(2, 1), (7, 20), (1500, 33), (70_000, 3)])
def test_from_vectors__moments_and_range_equal_numpy(shape: tuple[int, int], dtype: str) -> None:
    z = (latents(*shape, "float64") * 20).astype(dtype)

    state = State.from_vectors(z)

    exact = z.astype(np.float64)
    np.testing.assert_allclose(state.moments.mean, exact.mean(axis=0), rtol=1e-12, atol=1e-12)
    covariance = np.atleast_2d(np.cov(exact, rowvar=False))
    error = np.abs(state.moments.covariance() - covariance).max()
    assert error <= 1e-12 * np.abs(covariance).max()
    np.testing.assert_array_equal(state.grid.minimum, exact.min(axis=0))
    np.testing.assert_array_equal(state.grid.maximum, exact.max(axis=0))
    radii = np.linalg.norm(exact, axis=1)
    np.testing.assert_allclose(state.radii.mean, radii.mean(), rtol=1e-12)
    np.testing.assert_allclose(state.radii.std, radii.std(ddof=1), rtol=1e-9)


def test_from_vectors__variance_survives_a_large_mean() -> None:
    z = np.random.default_rng(0).normal(1e7, 1e-2, (5000, 3))

    variance = State.from_vectors(z).moments.variance()

    np.testing.assert_allclose(variance, z.var(axis=0, ddof=1), rtol=1e-9)


def test_from_vectors__takes_any_memory_layout() -> None:
    z = latents(200, 6)

    assert_same_counts(State.from_vectors(np.asfortranarray(z)[::2]), State.from_vectors(z[::2]))


def test_from_vectors__leaves_out_and_counts_rows_that_are_not_finite() -> None:
    z = latents(100, 5)
    spoiled = z.copy()
    spoiled[[3, 50], [0, 4]] = np.nan, -np.inf
    kept = np.delete(z, [3, 50], axis=0)

    state = State.from_vectors(spoiled)

    assert state.nan_rows == 2
    assert state.moments.count == 98
    np.testing.assert_array_equal(state.grid.counts, State.from_vectors(kept).grid.counts)
    np.testing.assert_array_equal(state.moments.mean, State.from_vectors(kept).moments.mean)


def test_from_vectors__constant_component_has_no_variance_at_all() -> None:
    z = latents(1000, 3)
    z[:, 1] = 0.1

    merged = State.from_vectors(z[:301]).merge(State.from_vectors(z[301:]))

    assert merged.moments.mean[1] == np.float32(0.1)
    assert merged.moments.variance()[1] == 0
    assert np.isnan(merged.moments.correlation()[1]).all()
    assert np.isfinite(merged.moments.correlation()[0, [0, 2]]).all()


def test_correlation__equals_numpy() -> None:
    z = latents(400, 8)

    correlation = State.from_vectors(z).moments.correlation()

    expected = np.corrcoef(z.astype(np.float64), rowvar=False)
    np.testing.assert_allclose(correlation, expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(np.diagonal(correlation), 1.0)


def test_covariance__of_a_single_vector_is_undefined() -> None:
    assert np.isnan(State.from_vectors(latents(1, 3)).moments.covariance()).all()


def test_merge__refuses_other_numbers_of_components() -> None:
    with pytest.raises(AnalyzeError, match=r"3 components cannot be merged with .*with 4:"):
        State.from_vectors(latents(5, 3)).merge(State.from_vectors(latents(5, 4)))


@pytest.mark.parametrize("z", [np.zeros(3), np.zeros((3, 0)), np.zeros((3, 2), complex)])
def test_from_vectors__refuses_what_are_not_vectors(z: np.ndarray) -> None:
    with pytest.raises(AnalyzeError, match="real array"):
        State.from_vectors(z)


def blas_threads() -> set[int]:
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


def test_single_threaded_blas__limits_until_the_last_thread_leaves() -> None:
    entered, leave = Barrier(3), [Event(), Event()]

    def kernel(number: int) -> None:
        with single_threaded_blas():
            entered.wait()
            leave[number].wait()

    before = blas_threads()
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(kernel, 0), pool.submit(kernel, 1)
        entered.wait()
        assert blas_threads() == {1}
        leave[0].set()
        first.result()
        assert blas_threads() == {1}
        leave[1].set()
        second.result()
        assert blas_threads() == before


def test_single_threaded_blas__restores_after_many_overlapping_kernels() -> None:
    before = blas_threads()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(State.from_vectors, [latents(50, 4)] * 200))

        assert blas_threads() == before


@pytest.mark.parametrize("rows", [0, 1, 383, 384, 385, 769])
@pytest.mark.parametrize("components", [1, 5])
def test_moments__at_the_borders_of_a_block_of_rows(rows: int, components: int) -> None:
    x = latents(rows, components)
    mean = np.arange(components) / 8

    found = Moments.from_vectors(x, mean).comoment

    deviations = x.astype(np.float64) - mean
    np.testing.assert_allclose(found, deviations.T @ deviations, rtol=1e-12)


def test_moments__many_parts_far_from_zero_are_those_of_the_union() -> None:
    z = latents(800, 3).astype(np.float64) + 1e6
    parts = np.split(z, 80)

    first, *others = (Moments.from_vectors(part, part.mean(axis=0)) for part in parts)
    merged = first.merge(*others)

    np.testing.assert_allclose(merged.covariance(), np.cov(z, rowvar=False), rtol=1e-9)


@pytest.mark.parametrize("length", [1e150, 1e200, 1e307])
def test_from_vectors__refuses_vectors_whose_squares_overflow(length: float) -> None:
    z = latents(9, 3).astype(np.float64) * length

    with pytest.raises(AnalyzeError, match=r"expected at most 1e\+140.*Scale the vectors"):
        State.from_vectors(z)


def test_kernels__a_new_process_takes_them_from_the_cache() -> None:
    script = (
        "import numpy as np; from zpoints.pipeline.analyze.kernels import sums; "
        "x = np.ones((500, 3)); "
        "found = np.zeros((3, 3)); sums.add_comoment(x, np.zeros(3), found); "
        "print(found.sum(), sum(sums.add_comoment.stats.cache_hits.values()))"
    )
    command, compiled = [sys.executable, "-c", script], {**os.environ, "NUMBA_DISABLE_JIT": "0"}
    subprocess.run(command, check=True, env=compiled)

    again = subprocess.run(command, check=True, env=compiled, capture_output=True)

    assert again.stdout.split() == [b"4500.0", b"1"]


UNCOMPILED = """
import numpy as np
from numba import config
from zpoints.pipeline.analyze import AnalyzeConfig, analyze

assert config.DISABLE_JIT
z = np.random.default_rng(0).normal(size=(80, 4)).astype(np.float32)
found = analyze(z, AnalyzeConfig(bins=10))
wide = z.astype(np.float64)
np.testing.assert_allclose(found["mean"], wide.mean(axis=0), rtol=1e-12)
np.testing.assert_allclose(found["covariance"], np.cov(wide.T), rtol=1e-12)
values = np.linalg.eigvalsh(np.cov(wide.T))[::-1]
np.testing.assert_allclose(found["explained_variance"], values, rtol=1e-10)
for k in range(4):
    counts, _ = np.histogram(z[:, k], found["histogram_edges"][k])
    np.testing.assert_array_equal(found["histogram"][k], counts)
np.testing.assert_allclose(found["radius_mean"], np.linalg.norm(wide, axis=1).mean(), rtol=1e-12)
"""


def test_kernels__uncompiled_equal_numpy() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    finished = subprocess.run(
        [sys.executable, "-c", UNCOMPILED], env=environment, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
