"""The vectors that a law is fitted to: which rows are read, and how."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from tests.pipeline.sample.fitted.clouds import latents_of
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.sample.laws.fitted import vectors
from zpoints.pipeline.sample.laws.fitted.vectors import (
    BLOCK,
    StoredVectors,
    divided,
    repeatable,
    training_vectors,
)


def numbered(rows: int) -> np.ndarray:
    """One component, the number of the row."""
    return np.arange(float(rows))[:, None]


def everything(z: da.Array | np.ndarray) -> StoredVectors:
    return StoredVectors(xr.DataArray(z, dims=("image", "component")), np.arange(len(z)))


def test_training_vectors__are_the_finite_ones_of_the_training_split() -> None:
    z, split = numbered(100), np.array(["train", "test", "validation", "train"] * 25)
    z[0] = np.nan

    found = training_vectors(latents_of(z, split, chunk=7), "x").load()[:, 0]

    assert found.tolist() == [row for row in range(1, 100) if row % 4 in (0, 3)]


def test_training_vectors__without_a_given_split_follow_the_checksums() -> None:
    checksums = np.arange(100, dtype=np.uint64) * np.uint64(7)
    latents = latents_of(numbered(100)).assign_coords(checksum=("image", checksums))

    found = training_vectors(latents, "x").load()[:, 0]

    assert found.tolist() == np.flatnonzero(Labels(latents).in_split("train")).tolist()
    assert len(found) == 80


def test_training_vectors__are_all_where_splits_are_unknown() -> None:
    assert len(training_vectors(latents_of(numbered(90)), "x").load()) == 90
    with pytest.raises(SampleError, match="'x' reads stored vectors: pass latents"):
        training_vectors(None, "x")


@pytest.mark.parametrize("chunk", [300, 1000, 9001])
def test_blocks__do_not_depend_on_the_chunks_of_the_store(chunk: int) -> None:
    z = numbered(9001)
    z[17] = np.inf

    blocks = list(everything(da.from_array(z, chunks=(chunk, -1))).blocks())

    assert [len(block) for block in blocks] == [BLOCK, BLOCK, 9000 - 2 * BLOCK]
    np.testing.assert_array_equal(np.concatenate(blocks), np.delete(z, 17, axis=0))


def test_blocks__of_vectors_in_memory_are_the_same() -> None:
    z = numbered(5000)

    np.testing.assert_array_equal(np.concatenate(list(everything(z).blocks())), z)


def test_blocks__hold_one_chunk_at_a_time() -> None:
    read: list[int] = []
    z = da.from_array(numbered(10 * BLOCK), chunks=(BLOCK, 1)).map_blocks(
        lambda block: (read.append(len(block)), block)[1], meta=np.empty((0, 0))
    )

    blocks = everything(z).blocks()
    next(blocks)
    next(blocks)

    assert len(read) <= 2


def test_sample__is_evenly_spaced_over_the_rows() -> None:
    z = everything(da.from_array(numbered(1000), chunks=(300, 1)))

    assert z.sample(5).load()[:, 0].tolist() == [0, 249, 499, 749, 999]
    assert len(z.sample(5000).load()) == len(z.sample(None).load()) == 1000


def test_sample__reads_few_chunks_of_a_large_store() -> None:
    read: list[int] = []
    values = da.from_array(numbered(100_000), chunks=(100, 1)).map_blocks(
        lambda block: (read.append(len(block)), block)[1], meta=np.empty((0, 0))
    )

    found = everything(values).sample(2000).load()[:, 0]

    assert len(set(found)) == 2000
    assert (found[0], found[-1]) == (0, 99_999)
    assert len(read) <= 2 * 64


@pytest.mark.parametrize("kept", [0, 2**30])
def test_repeatable__passes_over_the_same_blocks_kept_or_read_again(
    kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "KEPT", kept)
    calls: list[int] = []

    def doubled(z: np.ndarray) -> np.ndarray:
        calls.append(len(z))
        return 2 * z

    blocks = repeatable(everything(numbered(10_000)), doubled, 1)

    for _ in range(3):
        np.testing.assert_array_equal(np.concatenate(list(blocks)), 2 * numbered(10_000))
    assert len(calls) == (3 if kept else 9)


def test_divided__judges_by_the_validation_split() -> None:
    split = np.array(["train", "validation"] * 50)
    latents = latents_of(numbered(100), split)

    trial, others = divided(training_vectors(latents, "x").load(), latents)

    assert (trial % 2 == 0).all()
    assert (others % 2 == 1).all()
    assert len(trial) == len(others) == 50


@pytest.mark.parametrize("splits", [True, False])
def test_divided__leaves_out_a_tenth_where_few_vectors_validate(splits: bool) -> None:
    split = np.array(["train"] * 99 + ["validation"])
    latents = latents_of(numbered(100), split if splits else None)
    sample = training_vectors(latents, "x").load()

    trial, others = divided(sample, latents)

    assert len(others) == 10
    assert not np.intersect1d(trial, others).size
    np.testing.assert_array_equal(np.union1d(trial, others), np.unique(sample))
