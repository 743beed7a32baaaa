"""Groups that grow, shrink and change: chunks that stay and chunks that are written again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.conftest import (
    CHUNK,
    begin,
    blocks_of,
    latent_template,
    publish_latents,
    vectors,
)
from zpoints.storage import Repository, open_repository, open_store
from zpoints.storage.carried_rows import CarriedRows
from zpoints.storage.rows import Rows


def chunk_files(root) -> set[str]:
    return {path.name for path in (root / "chunks").iterdir()}


def grow(repository: Repository, values: np.ndarray, carried: np.ndarray) -> list[int]:
    """Publish `latents` with these values; returns the first rows of computed blocks."""
    work = begin(repository, "bb")
    seen: list[int] = []
    work.create("latents", latent_template(len(values)), carried=carried)
    work.write_chunks("latents", blocks_of("z", values, seen=seen))
    work.publish(message="grown", rows=len(values))
    return sorted(seen)


def test_create__growth_computes_the_last_partial_chunk_and_what_is_new(repository, root):
    publish_latents(repository, 8)
    values = np.concatenate([vectors(8), vectors(5)])
    carried = np.array([*range(8), -1, -1, -1, -1, -1])

    seen = grow(repository, values, carried)

    assert seen == [6, 9, 12]
    assert np.array_equal(open_store(root).latents.z.values, values)


def test_create__growth_by_nothing_computes_nothing(repository, root):
    publish_latents(repository, 8)

    assert grow(repository, vectors(8), np.arange(8)) == []
    assert open_store(root).fingerprint("latents") == "bb"


def test_create__chunks_with_other_rows_are_computed(repository, root):
    publish_latents(repository, 9)
    values = np.delete(vectors(9), 4, axis=0)

    assert grow(repository, values, np.array([0, 1, 2, 3, 5, 6, 7, 8])) == [3, 6]
    assert np.array_equal(open_store(root).latents.z.values, values)


@pytest.mark.slow
@settings(max_examples=25)
@given(data=st.data(), before=st.integers(1, 14), after=st.integers(1, 14))
def test_create__any_change_of_rows_gives_the_array(tmp_path_factory, data, before, after):
    repository = open_repository(tmp_path_factory.mktemp("any") / "run")
    publish_latents(repository, before)
    row = st.integers(-1, before - 1)
    carried = np.array(data.draw(st.lists(row, min_size=after, max_size=after)))
    fresh = np.random.default_rng(0).normal(size=(after, 4)).astype(np.float32)
    values = np.where(carried[:, None] < 0, fresh, vectors(before)[carried])

    seen = grow(repository, values, carried)

    assert np.array_equal(repository.store().latents.z.values, values)
    moved = carried != np.arange(after)
    assert seen == [k for k in range(0, after, CHUNK) if moved[k : k + CHUNK].any()]


def test_create__older_versions_keep_their_rows(repository, root):
    version = publish_latents(repository, 8)
    grow(repository, vectors(4), np.full(4, -1))

    assert np.array_equal(open_store(root, version=version).latents.z.values, vectors(8))


def test_create__labels_follow_the_new_rows(repository, root):
    publish_latents(repository, 4)
    grow(repository, vectors(7), np.array([*range(4), -1, -1, -1]))

    assert open_store(root).latents.image.values.tolist() == [f"{k:06d}.jpg" for k in range(7)]


def test_create__interrupted_growth_continues(repository, root):
    publish_latents(repository, 8)
    values = np.concatenate([vectors(8), vectors(52)])
    carried = np.concatenate([np.arange(8), np.full(52, -1)])
    first = begin(repository, "bb")
    first.create("latents", latent_template(60), carried=carried)
    first.write_chunks("latents", blocks_of("z", values)[:8])

    assert grow(open_repository(root), values, carried) == list(range(24, 60, 3))
    assert np.array_equal(open_store(root).latents.z.values, values)


def test_carried_rows__new_rows_are_computed_and_the_others_copied(repository, root):
    version = publish_latents(repository, 8)
    carried = CarriedRows(str(root), version, "latents", np.array([7, -1, 0, -1]))
    fresh = np.full((2, 4), 5, np.float32)

    found = carried.complete({"z": fresh, "fault": np.array(["a", "b"])}, fill={"fault": ""})

    assert carried.new.tolist() == [False, True, False, True]
    assert np.array_equal(found["z"], [vectors(8)[7], fresh[0], vectors(8)[0], fresh[1]])
    assert found["z"].dtype == np.float32
    assert found["fault"].tolist() == ["", "a", "", "b"]


def test_carried_rows__a_block_of_new_rows_carries_nothing():
    carried = CarriedRows("root", "version", "latents", np.array([3, -1, -1, -1, 0]))

    assert carried.block(1, 4) is None
    last = carried.block(3, 5)
    assert last is not None
    assert last.carried.tolist() == [-1, 0]


def test_settle__moves_and_drops_rows_in_one_commit(repository, root):
    work = begin(repository)
    work.create("latents", latent_template(11))
    work.write_chunks("latents", blocks_of("z", vectors(11)))
    rows = np.array([0, 1, 2, 3, 10, 5, 6, 7])

    work.settle("latents", latent_template(8), rows, attrs={"settled": True})

    assert work.attrs("latents")["settled"]
    assert begin(repository).attrs("latents")["settled"]
    work.publish(message="settled", rows=8)
    assert np.array_equal(open_store(root).latents.z.values, vectors(11)[rows])
    assert open_store(root).latents.sizes["image"] == 8


@pytest.mark.slow
@settings(max_examples=25)
@given(data=st.data(), before=st.integers(1, 14), chunk=st.integers(1, 16))
def test_settle__any_choice_of_rows_gives_the_array(tmp_path_factory, data, before, chunk):
    repository = open_repository(tmp_path_factory.mktemp("any") / "run")
    work = begin(repository)
    work.create("latents", latent_template(before, chunk))
    work.write_chunks("latents", blocks_of("z", vectors(before), rows=chunk))
    some = st.lists(st.integers(0, before - 1), min_size=1, unique=True)
    rows = np.array(data.draw(some))

    work.settle("latents", latent_template(len(rows), chunk), rows)
    work.publish(message="settled", rows=len(rows))

    assert np.array_equal(repository.store().latents.z.values, vectors(before)[rows])


def test_settle__leaves_values_that_stay_on_disk_alone(repository, root):
    work = begin(repository)
    work.create("latents", latent_template(600, chunk=200))
    work.write_chunks("latents", blocks_of("z", vectors(600), rows=200))
    before = chunk_files(root)

    work.settle("latents", latent_template(600, chunk=200), np.arange(600))

    assert chunk_files(root) == before


def test_settle__drops_variables_that_the_template_lacks(repository, root):
    work = begin(repository)
    work.create("latents", latent_template(8))
    work.write_chunks("latents", blocks_of("z", vectors(8)))

    work.settle("latents", latent_template(8).drop_vars("Smiling"), np.arange(8))
    work.publish(message="settled", rows=8)

    assert "Smiling" not in open_store(root).latents.variables


def test_attrs__are_empty_before_the_work_has_laid_the_group_out(repository):
    publish_latents(repository)

    assert begin(repository, "bb").attrs("latents") == {}


def test_take__rows_in_any_order(repository, root):
    version = publish_latents(repository, 8)
    rows = Rows(str(root), version, "latents", "z")

    assert np.array_equal(rows.take(np.array([7, 0, 3])), vectors(8)[[7, 0, 3]])


def test_take__a_missing_array_is_not_reported_as_damage(repository, root):
    version = publish_latents(repository, 8)

    with pytest.raises(FileNotFoundError, match="absent"):
        Rows(str(root), version, "latents", "absent").take(np.array([0]))


def test_checkpoint__lasts_until_the_work_is_published(repository, root):
    assert begin(repository).load_checkpoint() is None
    begin(repository).save_checkpoint(b"first")
    begin(repository).save_checkpoint(b"second")
    assert begin(open_repository(root)).load_checkpoint() == b"second"
    assert begin(repository, "bb").load_checkpoint() is None

    begin(repository, "bb").save_checkpoint(b"of other work")
    publish_latents(repository)

    assert begin(repository).load_checkpoint() is None
    assert begin(repository, "bb").load_checkpoint() is None


def test_begin__branches_that_build_on_an_older_version_are_dropped(repository):
    begin(repository, "aa").create("latents", latent_template(8))
    publish_latents(repository, fingerprint="bb")

    begin(repository, "cc")

    assert repository._repository.list_branches() == {"main", "wip-cc"}


@pytest.mark.parametrize("fingerprint", ["", "a/b", "a b"])
def test_begin__fingerprints_of_other_characters_are_refused(repository, fingerprint):
    with pytest.raises(Exception, match="letters and digits"):
        begin(repository, fingerprint)
