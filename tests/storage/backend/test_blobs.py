"""Small objects on a disk: conditional writes of concurrent processes, gate and fence."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from tests.forks import script
from tests.storage.conftest import begin, blocks_of, latent_template, publish_latents, vectors
from zpoints.storage import PublishConflictError, StoreError, StoreLockedError, open_store
from zpoints.storage.backend.blobs import LOCK, Blobs

COUNTER = """
import sys
from zpoints.storage.backend.blobs import Blobs

blobs, done = Blobs(sys.argv[1]), 0
while done < 40:
    content, tag = blobs.read("counter")
    done += blobs.replace("counter", str(int(content) + 1).encode(), tag) is not None
"""


@pytest.fixture
def blobs(root) -> Blobs:
    root.mkdir()
    return Blobs(str(root))


@pytest.mark.services
def test_replace__four_processes_that_count_lose_nothing(blobs, root):
    blobs.create("counter", b"0")

    processes = [script(COUNTER, root) for _ in range(4)]

    assert [process.communicate(timeout=60)[0] for process in processes] == [""] * 4
    assert blobs.get("counter") == b"160"


def test_replace__an_outdated_tag_or_a_missing_object_changes_nothing(blobs):
    first = blobs.create("a/it", b"one")
    second = blobs.replace("a/it", b"two", str(first))

    assert blobs.replace("a/it", b"three", str(first)) is None
    assert blobs.replace("b", b"three", str(second)) is None
    assert blobs.read("a/it") == (b"two", second)
    assert blobs.get("b") is None


def test_update__four_threads_that_count_lose_nothing(root, blobs):
    def count(_: int) -> None:
        assert Blobs(str(root)).update("counter", lambda n: str(int(n or 0) + 1).encode())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(12)))

    assert blobs.get("counter") == b"12"


def test_update__a_change_that_declines_leaves_the_object(blobs):
    tag = blobs.create("it", b"one")

    assert not blobs.update("it", lambda content: None)
    assert blobs.read("it") == (b"one", tag)
    assert not blobs.update("other", lambda content: content)
    assert blobs.get("other") is None


@pytest.mark.parametrize("before", [None, b"one"])
def test_update__a_write_whose_response_is_lost_is_not_repeated(before, blobs, monkeypatch):
    def unanswered(write):
        def twice(self: Blobs, *arguments: Any, **named: Any) -> str | None:
            write(self, *arguments, **named)  # the client retries a write that succeeded
            return write(self, *arguments, **named)

        return twice

    if before is not None:
        blobs.put("it", before)
    monkeypatch.setattr(Blobs, "create", unanswered(Blobs.create))
    monkeypatch.setattr(Blobs, "replace", unanswered(Blobs.replace))

    assert blobs.update("it", lambda content: (content or b"") + b"!", unique=True)
    assert blobs.get("it") == (before or b"") + b"!"


def test_replace__a_lock_held_for_too_long_is_an_error(blobs, root, monkeypatch):
    monkeypatch.setattr("zpoints.storage.backend.blobs.LOCK_SECONDS", 0.1)
    tag = blobs.create("it", b"one")

    with FileLock(root / LOCK), pytest.raises(StoreLockedError, match=r"zpoints\.blobs\.lock"):
        blobs.replace("it", b"two", str(tag))


def test_folders__lists_folders_that_hold_objects(blobs):
    assert blobs.folders("jobs") == []
    for name in ("jobs/b/record", "jobs/a/log/000000", "jobs/alone"):
        blobs.put(name, b"x")

    assert blobs.folders("jobs") == ["a", "b"]


def test_publish__a_gate_that_refuses_leaves_main_as_it_is(repository, root):
    @contextmanager
    def closed() -> Iterator[None]:
        raise StoreError("no")
        yield

    work = begin(repository)
    work.create("latents", latent_template(8))
    work.write_chunks("latents", blocks_of("z", vectors(8)))

    with pytest.raises(StoreError, match="no"):
        work.publish(message="encoded", rows=8, gate=closed)
    assert open_store(root).groups == ()
    work.publish(message="encoded", rows=8)
    assert np.array_equal(open_store(root).latents.z.values, vectors(8))


def test_fence__work_that_began_before_cannot_be_published(repository, root):
    publish_latents(repository, fingerprint="aa")
    late = begin(repository, "bb")
    late.create("latents", latent_template(8))
    late.write_chunks("latents", blocks_of("z", vectors(8) + 1))

    repository.fence("a test")

    with pytest.raises(PublishConflictError):
        late.publish(message="encoded", rows=8)
    store = open_store(root)
    assert np.array_equal(store.latents.z.values, vectors(8))
    assert [version.message for version in store.history()] == ["a test", "encoded"]
    assert [version.metadata["revision"] for version in store.history()] == [2, 1]
    publish_latents(repository, fingerprint="cc")
