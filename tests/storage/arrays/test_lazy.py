"""Lazy arrays: sizes of tasks, threads that read, and how often a process opens an array."""

import asyncio
import gc
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dask
import numpy as np
import pytest
from dask.array.core import slices_from_chunks

from tests.storage.conftest import publish_images, publish_latents, vectors
from zpoints.storage import Store, StoreError, open_store
from zpoints.storage.arrays.lazy import StoredArray

ROWS = 30


@pytest.fixture
def store(repository, root) -> Store:
    publish_latents(repository, ROWS)
    return open_store(root)


@pytest.mark.parametrize(
    "index",
    [
        np.s_[:],
        np.s_[7],
        np.s_[-1, 2],
        np.s_[4:20:3],
        np.s_[::-1],
        np.s_[:, [3, 1]],
        np.s_[[5, 2, 28, 2]],
        np.s_[np.arange(ROWS) % 7 == 1],
        np.s_[2:5, 1:1],
        np.s_[None, 3],
    ],
    ids=repr,
)
def test_index__as_numpy(store, index):
    np.testing.assert_array_equal(store.latents.z.data[index].compute(), vectors(ROWS)[index])


def test_read__on_many_threads_at_once(store):
    stored = StoredArray(store.array("latents", "z"))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(stored.__getitem__, slices_from_chunks(((3,) * 10, (4,))) * 20))

    np.testing.assert_array_equal(np.concatenate(found[:10]), vectors(ROWS))
    np.testing.assert_array_equal(np.concatenate(found[-10:]), vectors(ROWS))
    gc.collect()  # the event loops of the threads end without a warning


def test_read__where_an_event_loop_runs_as_in_a_notebook(store):
    async def cell() -> np.ndarray:
        with dask.config.set(scheduler="synchronous"):
            return store.latents.z.values

    np.testing.assert_array_equal(asyncio.run(cell()), vectors(ROWS))


def test_task__opens_the_array_once_per_process(store):
    stored = StoredArray(store.array("latents", "z"))
    received = pickle.loads(pickle.dumps(stored))

    assert pickle.loads(pickle.dumps(stored)) is received
    assert pickle.loads(pickle.dumps(received)) is received  # as the scheduler passes it on
    np.testing.assert_array_equal(received[2:4, :], vectors(ROWS)[2:4])


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_read__names_the_array_of_a_damaged_chunk(repository, root, damage):
    publish_images(repository)
    for chunk in Path(root, "chunks").iterdir():
        content = bytearray(chunk.read_bytes())
        content[len(content) // 2] ^= 1
        chunk.write_bytes(content[:-9] if damage == "cut" else content)
    damaged = open_store(root)

    with pytest.raises(StoreError, match=r"images/pixels cannot be read: .*zpoints verify ROOT"):
        StoredArray(damaged.array("images", "pixels"))[:, :]


def test_read__leaves_the_event_loop_of_the_thread(store):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        np.testing.assert_array_equal(
            store.latents.z.compute(scheduler="synchronous"), vectors(ROWS)
        )
        assert asyncio.get_event_loop() is loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()


@pytest.mark.services
def test_read__by_daemon_threads_ends_with_the_process(store):
    script = f"""
import threading, time
from zpoints.storage import open_store
from zpoints.storage.arrays.lazy import StoredArray
stored = StoredArray(open_store({str(store.root)!r}).array("latents", "z"))
def read():
    while True:
        stored[:, :]
for _ in range(4):
    threading.Thread(target=read, daemon=True).start()
time.sleep(0.5)
"""
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
