"""Counts of pairs against NumPy, under any division of the vectors; choice of pairs."""

from dataclasses import replace
from typing import Any

import dask.array as da
import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from zpoints.pipeline.analyze import AnalyzeConfig, analyze, describe, summarize
from zpoints.pipeline.analyze.config import PairsConfig
from zpoints.pipeline.analyze.reduction import merge_all
from zpoints.pipeline.analyze.states.checkpoint import Journal, pack, unpack
from zpoints.pipeline.analyze.states.pair_counts import PairCounts, PairIntervals, choose_pairs
from zpoints.pipeline.analyze.states.projection import Projection
from zpoints.pipeline.analyze.states.state import State
from zpoints.pipeline.analyze.statistics_dataset import pair_intervals
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import AnalyzeError, ConfigError
from zpoints.storage import open_repository, validate


def latents(count: int = 3000, components: int = 9) -> np.ndarray:
    rng = np.random.default_rng(3)
    z = rng.standard_normal((count, components)) * np.geomspace(2, 0.1, components)
    return (z @ rng.standard_normal((components, components)) + 0.7).astype(np.float32)


@pytest.fixture(scope="module")
def z() -> np.ndarray:
    return latents()


@pytest.fixture(scope="module")
def statistics(z: np.ndarray) -> xr.Dataset:
    return analyze(da.from_array(z, chunks=(700, -1)))


def assert_counted(statistics: xr.Dataset, prefix: str, x: np.ndarray) -> None:
    """The counts equal numpy.histogram2d on the stored edges, and no vector is lost."""
    for p, (i, j) in enumerate(statistics[f"{prefix}pair_components"].values):
        expected, *_ = np.histogram2d(x[:, i], x[:, j], statistics[f"{prefix}pair_edges"].values[p])
        np.testing.assert_array_equal(statistics[f"{prefix}pair_histogram"][p], expected)
        assert statistics[f"{prefix}pair_outside"][p] == len(x) - expected.sum()


@pytest.mark.parametrize("chunks", [3000, 700, 1, (1, 2500, 0, 499)], ids=str)
def test_analyze__pair_counts_equal_numpy_for_any_chunks(z: np.ndarray, chunks: int) -> None:
    z = z[:60] if chunks == 1 else z

    found = analyze(da.from_array(z, chunks=(chunks, -1)))

    v = (z - found["mean"].values) @ found["loadings"].values.T
    assert_counted(found, "", z.astype(np.float64))
    assert_counted(found, "pc_", v)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_analyze__pair_counts_equal_numpy_for_any_dtype(z: np.ndarray, dtype: type) -> None:
    exact = z.astype(dtype).astype(np.float64)

    found = analyze(da.from_array(z.astype(dtype), chunks=(700, -1)))

    assert_counted(found, "", exact)
    assert_counted(found, "pc_", (exact - found["mean"].values) @ found["loadings"].values.T)


def test_analyze__pair_edges_reach_from_the_mean(z: np.ndarray) -> None:
    config = AnalyzeConfig(pairs=PairsConfig(bins=10, reach=3, original=[(2, 5)], pc=[]))

    found = analyze(da.from_array(z, chunks=-1), config)

    exact = z[:, [2, 5]].astype(np.float64)
    ends = exact.mean(axis=0) + exact.std(axis=0, ddof=1) * np.array([[-3], [3]])
    np.testing.assert_allclose(found["pair_edges"].values[0, :, [0, -1]], ends, rtol=1e-9)
    np.testing.assert_allclose(np.ptp(np.diff(found["pair_edges"].values[0]), axis=1), 0, atol=1e-9)
    assert found["pair_outside"].values[0] > 0
    assert found.sizes["pc_pair"] == 0


def test_analyze__pairs_are_those_of_leading_components(statistics: xr.Dataset) -> None:
    score = np.maximum(abs(statistics["mu"].values) / 0.25, statistics["hw"].values / 1.5)
    leading = np.argsort(-score, kind="stable")[:6]

    assert statistics.sizes["pair"] == statistics.sizes["pc_pair"] == 15
    pairs = statistics["pair_components"].values
    assert pairs[:5].tolist() == [[leading[0], other] for other in leading[1:]]
    assert set(pairs.ravel()) == set(leading)
    assert set(statistics["pc_pair_components"].values.ravel()) == set(range(6))


def test_choose_pairs__takes_lists() -> None:
    config = PairsConfig(original=[(4, 1)], pc=[(0, 2), (2, 0)])

    original, pc = choose_pairs(config, np.arange(5))

    assert original.tolist() == [[4, 1]]
    assert pc.tolist() == [[0, 2], [2, 0]]


@pytest.mark.parametrize("setting", ["original", "pc"])
@pytest.mark.parametrize("pair", [(0, 9), (3, 3)], ids=["out of range", "twice the same"])
def test_analyze__refuses_pairs_that_do_not_exist(z: np.ndarray, setting: str, pair: tuple) -> None:
    config = AnalyzeConfig(pairs=PairsConfig(**{setting: [pair]}))

    with pytest.raises(AnalyzeError, match=rf"analyze\.pairs\.{setting} .*from 0 to 8"):
        analyze(da.from_array(z), config)


def test_config__refuses_pairs_beyond_the_latents() -> None:
    with pytest.raises(ConfigError, match=r"analyze\.pairs\.pc has an invalid component 256"):
        override(RunConfig(), ["analyze.pairs.pc=[[0, 256]]"])


edges = arrays.arrays(
    np.float64, (2, 12), elements=st.floats(-3, 3, width=16), unique=False
).map(lambda e: np.sort(e, axis=1))  # fmt: skip


@settings(max_examples=100)
@given(
    x=arrays.arrays(np.float32, st.tuples(st.integers(0, 25), st.just(2)),
                    elements=st.floats(-3.5, 3.5, width=16)),
    edges=edges,
    cuts=st.lists(st.integers(0, 25), max_size=4),
)  # fmt: skip
def test_merge__pair_counts_equal_numpy_for_any_edges_and_parts(
    x: np.ndarray, edges: np.ndarray, cuts: list[int]
) -> None:
    intervals = PairIntervals(np.array([[0, 1], [1, 0]]), edges, 1.0)
    parts = np.split(x, sorted(cuts))

    merged = merge_all([PairCounts.from_values(part, intervals) for part in parts])

    for p, (i, j) in enumerate(intervals.pairs):
        expected, *_ = np.histogram2d(x[:, i].astype(float), x[:, j].astype(float), edges[[i, j]])
        np.testing.assert_array_equal(merged.counts[p], expected)
        assert merged.outside[p] == len(x) - expected.sum()


def test_from_values__counts_where_intervals_are_narrower_than_rounding() -> None:
    x = np.full((7, 2), 1e300)
    config = PairsConfig(bins=10)
    intervals = PairIntervals.around(np.array([[0, 1]]), x[0], np.zeros(2), config)

    found = PairCounts.from_values(x, intervals)

    assert found.counts.sum() == 7
    assert found.outside.sum() == 0


def flipped(data: bytes) -> bytes:
    """The data with one bit flipped in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def test_journal__keeps_the_counts_of_pairs(z: np.ndarray) -> None:
    state = State.from_vectors(z)
    basis, config = state.moments.basis(), AnalyzeConfig()
    done = Projection.from_vectors(z, basis, 3.0, *pair_intervals(state, basis, config))

    _, second = unpack(pack(0, Journal(), Journal(1, done)), 0)

    assert second.waves == 1
    assert second.state is not None
    for name in ("pairs", "pc_pairs"):
        found, expected = getattr(second.state, name), getattr(done, name)
        np.testing.assert_array_equal(found.counts, expected.counts)
        np.testing.assert_array_equal(found.outside, expected.outside)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b[:-10], flipped, bytes])
def test_unpack__starts_over_where_the_bytes_are_damaged(z: np.ndarray, damage: Any) -> None:
    data = pack(0, Journal(1, State.from_vectors(z)), Journal())
    expected = 1 if damage is bytes else 0

    first, _ = unpack(damage(data), 0)

    assert first.waves == expected


def test_describe__continues_from_a_journal_to_the_same_statistics(
    z: np.ndarray, statistics: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zpoints.pipeline.analyze.reduction.WAVE", 1)
    lazy = da.from_array(z, chunks=(700, -1))
    state, kept = summarize(lazy), []
    journal: Journal[Projection] = Journal()
    journal.on_wave = lambda: kept.append(pack(0, Journal(), journal))
    whole = describe(lazy, state, journal=journal)

    _, halfway = unpack(kept[2], 0)

    assert halfway.waves == 3
    xr.testing.assert_identical(describe(lazy, state, journal=replace(halfway)), whole)
    np.testing.assert_array_equal(whole["pair_histogram"], statistics["pair_histogram"])


@pytest.mark.parametrize("count", [1, 2, 99])
def test_analyze__of_few_vectors_counts_them_without_contours(count: int) -> None:
    z = latents(count)

    found = analyze(da.from_array(z))

    assert_counted(found, "", z.astype(np.float64))
    assert (
        found["pc_pair_histogram"].sum(("row", "column")) + found["pc_pair_outside"] == count
    ).all()
    for name in ("contour_half_axes", "contour_angle", "contour_overlap", "ellipticity"):
        assert np.isnan(found[f"pair_{name}"]).all()
        assert np.isnan(found[f"pc_pair_{name}"]).all()


def test_analyze__pairs_with_a_constant_component_have_counts_but_no_contours(
    z: np.ndarray,
) -> None:
    half = z.copy()
    half[:, 1] = 0.3
    config = AnalyzeConfig(pairs=PairsConfig(original=[(0, 1), (0, 2)], pc=[(0, 8), (0, 1)]))

    found = analyze(da.from_array(half, chunks=(700, -1)), config)

    assert_counted(found, "", half.astype(np.float64))
    assert found["pair_histogram"][0].sum("row").astype(bool).sum() == 1
    for name in ("pair_ellipticity", "pc_pair_ellipticity"):
        np.testing.assert_array_equal(np.isnan(found[name]), [True, False])
    assert found["pair_half_axes"].values[0, 1] == 0


def test_analyze__of_one_component_has_no_pairs_and_can_be_stored(tmp_path) -> None:
    found = analyze(da.from_array(latents(200, 1)))

    assert found.sizes["pair"] == found.sizes["pc_pair"] == 0
    validate("statistics", found)
    repository = open_repository(str(tmp_path / "store"))
    work = repository.begin(stage="analyze", fingerprint="one", groups=("statistics",))
    work.create("statistics", found)
    work.publish(message="one", rows=200)
    assert repository.store().statistics.drop_attrs().equals(found.drop_attrs())


@pytest.mark.parametrize("part", ["components", "attributes", "waves", "kind", "projection"])
def test_journal__of_another_pass_is_discarded(z: np.ndarray, part: str) -> None:
    lazy = da.from_array(z, chunks=(700, -1))
    state = summarize(lazy)
    other = {
        "components": State.from_vectors(z[:, :2]),
        "attributes": State.from_vectors(z, np.ones((len(z), 1), bool), ("Smiling",)),
        "kind": replace(state, moments=replace(state.moments, mean=state.moments.mean > 0)),
    }.get(part, state)
    first: Journal[State] = Journal(9 if part == "waves" else 1, other)
    basis = state.moments.basis()
    pairs = pair_intervals(state, basis, AnalyzeConfig(pairs=PairsConfig(bins=10)))
    second = Journal(1, Projection.from_vectors(z, basis, 3.0, *pairs))

    found = summarize(lazy, journal=None if part == "projection" else first)
    described = describe(lazy, found, journal=second if part == "projection" else None)

    xr.testing.assert_identical(described, describe(lazy, state))
