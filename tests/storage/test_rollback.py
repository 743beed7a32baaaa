"""A rollback makes an older version the newest and keeps all versions."""

import numpy as np
import pytest

from tests.storage.conftest import publish_images, publish_latents, vectors
from zpoints.storage import (
    StoreError,
    StoreLockedError,
    StoreNotFoundError,
    open_repository,
    open_store,
)
from zpoints.storage.repository import Repository


def test_rollback__publishes_the_older_content_as_the_newest_version(repository, root):
    first = publish_latents(repository, 8, "aa")
    second = publish_latents(repository, 5, "bb")

    made = repository.rollback(first)

    store = open_store(root)
    assert store.version == made.id != first
    assert store.fingerprint("latents") == "aa"
    assert np.array_equal(store.latents.z.values, vectors(8))
    assert [v.id for v in store.history()] == [made.id, second, first]
    assert [v.metadata["revision"] for v in store.history()] == [3, 2, 1]
    assert (made.stage, made.metadata["to"]) == ("rollback", first)


def test_rollback__versions_in_between_can_be_opened_and_rolled_back_to(repository, root):
    first = publish_latents(repository, 8, "aa")
    second = publish_latents(repository, 5, "bb")
    repository.rollback(first)

    assert open_store(root, version=second).latents.sizes["image"] == 5
    repository.rollback(second)

    assert open_store(root).latents.sizes["image"] == 5
    assert len(open_store(root).history()) == 4


def test_rollback__work_continues_from_the_older_version(repository, root):
    first = publish_latents(repository, 8, "aa")
    publish_latents(repository, 5, "bb")
    repository.rollback(first)

    publish_images(repository)

    assert open_store(root).groups == ("images", "latents")
    assert [v.metadata["revision"] for v in open_store(root).history()] == [4, 3, 2, 1]


def test_rollback__to_the_newest_or_to_nothing_is_refused(repository):
    version = publish_latents(repository)

    with pytest.raises(StoreError, match="is the newest version"):
        repository.rollback(version)
    with pytest.raises(StoreNotFoundError, match="has no version"):
        repository.rollback("1CECHNKREP0F1RSTCMT0")


def test_held__a_second_run_is_refused_and_the_first_is_named(repository, root):
    first = publish_latents(repository, 8, "aa")
    publish_latents(repository, 5, "bb")
    other: Repository = open_repository(root)

    with (
        repository.held("zpoints run faces.yaml"),
        pytest.raises(StoreLockedError, match=r"zpoints run faces\.yaml, process \d+ on .* since"),
    ):
        other.rollback(first)

    other.rollback(first)
