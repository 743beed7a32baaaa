"""A stage's work on its branch: layout, chunks, commits, conflicts and resumption."""

import threading

import dask
import dask.array as da
import icechunk
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.conftest import (
    begin,
    blocks_of,
    latent_template,
    photographs,
    pixels,
    publish_images,
    publish_latents,
    vectors,
)
from zpoints.storage import (
    Block,
    IncompleteStageError,
    PublishConflictError,
    SchemaError,
    StoreError,
    StoreNotFoundError,
    open_repository,
    open_store,
)
from zpoints.storage.backend.interpreter_exit import NATIVE_CALLS
from zpoints.storage.schema.attributes import nested
from zpoints.storage.schema.provenance import provenance_of


def test_publish__round_trip_of_values_labels_and_attributes(repository, root):
    work = repository.begin(stage="ingest", fingerprint="ff", groups=("images",))
    work.create("images", photographs(8), attrs={"crop": {"side": 140, "box": [1, 2.5, None]}})
    work.write_chunks("images", blocks_of("pixels", pixels(8)))
    work.publish(message="ingested", rows=8)

    images = open_store(root).images
    assert np.array_equal(images.pixels.values, pixels(8))
    assert nested(images.attrs, "crop") == {"side": 140, "box": [1, 2.5, None]}
    assert images.attrs["schema_version"] == 2
    assert provenance_of(images.attrs) == {
        "stage": "ingest", "fingerprint": "ff", "lineage": "ff", "inputs": {},
    }  # fmt: skip
    for name, expected in photographs(8).drop_vars("pixels").variables.items():
        stored = images[name].values
        assert np.array_equal(stored, expected.values)
        assert stored.dtype.kind in "OT" or stored.dtype == expected.dtype


@settings(max_examples=15)
@given(count=st.integers(1, 20), chunk=st.integers(1, 8), chunks_per_block=st.integers(1, 3))
def test_write_chunks__any_length_and_chunk_gives_the_array_back(
    tmp_path_factory, count, chunk, chunks_per_block
):
    work = begin(open_repository(tmp_path_factory.mktemp("any") / "run"))
    work.create("latents", latent_template(count, chunk))

    work.write_chunks("latents", blocks_of("z", vectors(count), chunk * chunks_per_block))

    assert np.array_equal(work.dataset("latents").z.values, vectors(count))
    work.publish(message="encoded", rows=count)


def test_write_chunks__chunks_of_fill_values_are_chunks(repository, root):
    publish_latents(repository, values=np.full((8, 4), np.nan, np.float32))
    work = repository.begin(stage="ingest", fingerprint="ff", groups=("images",))
    work.create("images", photographs(8))

    work.write_chunks("images", blocks_of("pixels", np.zeros((8, 8, 8, 3), np.uint8)))
    work.publish(message="black", rows=8)

    assert not open_store(root).images.pixels.values.any()
    assert np.isnan(open_store(root).latents.z.values).all()


def test_write_chunks__reports_the_rows_that_are_done(repository):
    work = begin(repository)
    work.create("latents", latent_template(60))
    rows: list[int] = []

    work.write_chunks("latents", blocks_of("z", vectors(60)), on_progress=rows.append)

    assert rows == [12, 24, 36, 48, 60]


def test_write_chunks__is_within_no_native_call_between_batches(repository):
    work = begin(repository)
    work.create("latents", latent_template(60))
    calls: list[int] = []

    def write() -> None:
        work.write_chunks(
            "latents",
            blocks_of("z", vectors(60)),
            on_progress=lambda rows: calls.append(NATIVE_CALLS._daemons),
        )

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    thread.join(30)

    assert calls == [0] * 5


def test_write_chunks__every_commit_keeps_those_before(repository, root, monkeypatch):
    monkeypatch.setattr("zpoints.storage.transaction.COMMIT_SECONDS", 0.0)
    work = begin(repository)
    work.create("latents", latent_template(60))
    kept: list[int] = []

    def count(rows: int) -> None:
        written = begin(repository).dataset("latents")["z"].values
        kept.append(int(np.isfinite(written).all(axis=1).sum()))

    work.write_chunks("latents", blocks_of("z", vectors(60)), on_progress=count)
    work.publish(message="encoded", rows=60)

    assert kept == [12, 24, 36, 48, 60]
    assert np.array_equal(open_store(root).latents.z.values, vectors(60))


def test_write_chunks__unwritten_floats_read_as_nan(repository):
    work = begin(repository)
    work.create("latents", latent_template(6))

    work.write_chunks("latents", blocks_of("z", vectors(6))[:1])

    z = work.dataset("latents").z.values
    assert np.array_equal(z[:3], vectors(6)[:3])
    assert np.isnan(z[3:]).all()


@pytest.mark.parametrize("bounds", [(0, 2), (1, 3), (0, 9), (3, 3)])
def test_write_chunks__parts_of_chunks_are_refused(repository, bounds):
    work = begin(repository)
    work.create("latents", latent_template(8))

    with pytest.raises(SchemaError, match="not whole chunks; expected multiples of 3, up to 8"):
        work.write_chunks("latents", [Block(*bounds, dict)])


@pytest.mark.parametrize(
    "computed",
    [
        {"z": np.zeros((3, 4))},
        {"z": np.zeros((2, 4), np.float32)},
        {"z": np.zeros((3, 5), np.float32)},
        {},
        {"z": np.zeros((3, 4), np.float32), "extra": np.zeros(3)},
    ],
)
def test_write_chunks__other_arrays_than_the_template_are_refused(repository, computed):
    work = begin(repository)
    work.create("latents", latent_template(8))

    with pytest.raises(SchemaError, match="expected"):
        work.write_chunks("latents", [Block(0, 3, lambda: computed)])


def test_create__uneven_chunks_are_refused(repository):
    template = latent_template(8).chunk({"image": (3, 2, 3)})

    with pytest.raises(SchemaError, match="uneven chunks along image"):
        begin(repository).create("latents", template)


def test_create__group_of_another_stage_is_refused(repository):
    with pytest.raises(StoreError, match="cannot write images"):
        begin(repository).create("images", photographs(4))


def test_create__replaces_a_published_group(repository, root):
    publish_latents(repository, 8, "aa")
    publish_latents(repository, 5, "bb")

    assert open_store(root).latents.sizes["image"] == 5
    assert open_store(root).fingerprint("latents") == "bb"


def test_publish__readers_see_nothing_before_it(repository, root):
    publish_images(repository)
    before = open_store(root)
    work = begin(repository)
    work.create("latents", latent_template(8))
    work.write_chunks("latents", blocks_of("z", vectors(8)))

    assert open_store(root).groups == ("images",)
    assert open_store(root).version == before.version
    work.publish(message="encoded", rows=8)

    assert open_store(root).groups == ("images", "latents")
    assert before.groups == ("images",)
    with pytest.raises(StoreNotFoundError, match="no group latents"):
        _ = before.latents


def test_publish__incomplete_stage_is_refused(repository, root):
    work = begin(repository)
    work.create("latents", latent_template(8))
    work.write_chunks("latents", blocks_of("z", vectors(8))[:2])

    with pytest.raises(IncompleteStageError, match="z: 1 of 3"):
        work.publish(message="encoded", rows=8)

    assert open_store(root).groups == ()


def test_publish__absent_group_is_refused(repository):
    work = begin(repository, groups=("latents", "model"))
    work.create("latents", latent_template(3))
    work.write_chunks("latents", blocks_of("z", vectors(3)))

    with pytest.raises(IncompleteStageError, match="without model"):
        work.publish(message="encoded", rows=3)


def test_publish__conflict_when_main_has_moved(repository, root):
    work = begin(repository)
    work.create("latents", latent_template(8))
    work.write_chunks("latents", blocks_of("z", vectors(8)))
    version = publish_images(repository)

    with pytest.raises(PublishConflictError, match="Another run published"):
        work.publish(message="encoded", rows=8)

    assert open_store(root).version == version


def test_begin__continues_interrupted_work(repository, root):
    first = begin(repository)
    assert not first.resumed
    first.create("latents", latent_template(60))
    first.write_chunks("latents", blocks_of("z", vectors(60))[:8])

    work = begin(open_repository(root))
    seen: list[int] = []
    rows: list[int] = []
    work.create("latents", latent_template(60))
    blocks = blocks_of("z", vectors(60), seen=seen)
    work.write_chunks("latents", blocks, on_progress=rows.append)
    work.publish(message="encoded", rows=60)

    assert work.resumed
    assert sorted(seen) == list(range(24, 60, 3))
    assert rows == [24, 36, 48, 60]
    assert np.array_equal(open_store(root).latents.z.values, vectors(60))


def test_begin__work_on_an_older_version_restarts(repository):
    first = begin(repository)
    first.create("latents", latent_template(8))
    publish_images(repository)

    assert not begin(repository).resumed


def test_begin__another_layout_on_resume_replaces_the_group(repository, root):
    first = begin(repository)
    first.create("latents", latent_template(8))
    first.write_chunks("latents", blocks_of("z", vectors(8)))

    work = begin(repository)
    work.create("latents", latent_template(8, chunk=4))
    with pytest.raises(IncompleteStageError):
        work.publish(message="encoded", rows=8)


def test_begin__same_fingerprint_again_after_publishing(repository, root):
    publish_latents(repository, values=np.zeros((8, 4), np.float32))
    publish_latents(repository, values=np.ones((8, 4), np.float32))

    assert open_store(root).latents.z.values.all()
    assert len(open_store(root).history()) == 2


def test_begin__two_processes_on_one_branch_are_a_conflict(repository):
    first, second = begin(repository), begin(repository)
    first.create("latents", latent_template(8))
    blocks = blocks_of("z", vectors(8))

    second._pending["latents"] = ("z",)
    slow = [Block(b.start, b.stop, lambda b=b: _meanwhile(first, blocks, b)) for b in blocks[:1]]
    with pytest.raises(PublishConflictError, match="Another process does the same work"):
        second.write_chunks("latents", slow)


def _meanwhile(other, blocks, block):
    other.write_chunks("latents", blocks)
    return block.compute()


def test_begin__killed_between_last_commit_and_publishing(repository, root, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(icechunk.Repository, "reset_branch", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            publish_latents(repository)
    assert open_store(root).groups == ()

    publish_latents(repository)

    (version,) = open_store(root).history()
    assert version.metadata["revision"] == 1
    assert np.array_equal(open_store(root).latents.z.values, vectors(8))


def _interrupt(*_args, **_options):
    raise KeyboardInterrupt


def test_create__small_groups_need_no_chunks(repository, root):
    work = repository.begin(stage="train", fingerprint="cc", groups=("model",))
    weights = np.arange(256, dtype=np.uint8)
    dataset = xr.Dataset(
        {"weights": ("byte", weights), "loss": ("epoch", [0.5, 0.25])},
        coords={"epoch": [1, 2]},
        attrs={"architecture": {"z_dim": 4, "filters": [32, 64]}, "sha256": "00"},
    )
    work.create("model", dataset)
    work.publish(message="trained", rows=0)

    model = open_store(root).model
    assert nested(model.attrs, "architecture") == {"z_dim": 4, "filters": [32, 64]}
    assert np.array_equal(model.weights.values, weights)
    assert model.loss.values.tolist() == [0.5, 0.25]


def test_create__never_computes_the_template(repository):
    def refuse(*_args, **_options):
        raise AssertionError("computed")

    z = da.from_delayed(dask.delayed(refuse)(), (3, 4), np.float32)
    template = latent_template(3).assign(z=(("image", "component"), z))

    begin(repository).create("latents", template)
