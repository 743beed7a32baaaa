"""Concurrent processes, killed processes, and one that holds a lock."""

import subprocess
import sys
import time
from subprocess import PIPE, STDOUT

import numpy as np
import pytest
from filelock import FileLock

from tests.forks import script
from tests.storage.conftest import begin, latent_template, publish_latents, vectors
from zpoints.storage import StoreLockedError, open_repository, open_store
from zpoints.storage.backend.location import LOCK_NAME

PRELUDE = """
import sys, time
import numpy as np, xarray as xr, dask.array as da
from zpoints.storage import Block, PublishConflictError, open_repository, open_store
root = sys.argv[1]
"""

PUBLISHER = (
    PRELUDE
    + """
import icechunk

def witnessed(change):
    def slow(*arguments, **options):
        with open(root + ".log", "a") as log:
            print("enter", file=log, flush=True)
            time.sleep(0.01)
            try:
                return change(*arguments, **options)
            finally:
                print("leave", file=log, flush=True)
    return slow

icechunk.Session.commit = witnessed(icechunk.Session.commit)
icechunk.Repository.reset_branch = witnessed(icechunk.Repository.reset_branch)
repository = open_repository(root)
for number in range(3):
    name = f"samples/{sys.argv[2]}-{number}"
    rows = np.zeros((2, 4), np.float32)
    image = np.zeros((2, 8, 8, 3), np.uint8)
    dataset = xr.Dataset(
        {"z": (("sample", "component"), rows), "v": (("sample", "pc"), rows),
         "pixels": (("sample", "y", "x", "channel"), image)},
        attrs={"generator": "uniform", "parameters": {"b": 1.0}, "seed": 0, "constraint": "all"},
    )
    while True:
        try:
            work = repository.begin(stage="sample", fingerprint=name[8:], groups=(name,))
            work.create(name, dataset)
            work.publish(message=name, rows=2)
            break
        except PublishConflictError:
            continue
"""
)

WRITER = (
    PRELUDE
    + """
rows = 120
work = open_repository(root).begin(stage="encode", fingerprint="aa", groups=("latents",))
z = da.zeros((rows, 4), dtype=np.float32, chunks=(3, 4))
name = np.array([f"{row:06d}.jpg" for row in range(rows)])
work.create("latents", xr.Dataset({"z": (("image", "component"), z)}, {"image": ("image", name)}))

def compute_from(start):
    def compute():
        time.sleep(0.05)
        values = np.arange(start * 4, (start + 3) * 4, dtype=np.float32).reshape(3, 4)
        sys.stdout.write(f"computed {start}\\n")
        return {"z": values}
    return compute

blocks = [Block(start, start + 3, compute_from(start)) for start in range(0, rows, 3)]
work.write_chunks("latents", blocks, on_progress=lambda done: sys.stdout.write(f"rows {done}\\n"))
work.publish(message="encoded", rows=rows)
print("resumed", work.resumed)
"""
)


@pytest.mark.services
def test_publish__three_processes_lose_nothing(repository, root):
    publishers = [script(PUBLISHER, root, name) for name in "abc"]
    outputs = [process.communicate(timeout=100)[0] for process in publishers]

    assert outputs == [""] * 3
    names = {f"{name}-{number}" for name in "abc" for number in range(3)}
    store = open_store(root)
    assert set(store.sample_names) == names
    revisions = [version.metadata["revision"] for version in store.history()]
    assert revisions == list(range(9, 0, -1))
    # Losses are rare even without the lock, so the test also checks that changes never overlap.
    steps = root.with_name("run.log").read_text().split()
    assert steps == ["enter", "leave"] * (len(steps) // 2)


@pytest.mark.services
def test_begin__killed_run_continues_from_its_last_commit(root):
    killed = script(WRITER, root)
    for line in killed.stdout:
        if line == "rows 12\n":
            break
    time.sleep(0.1)
    killed.kill()
    killed.communicate()
    assert open_store(root).groups == ()

    output = script(WRITER, root).communicate(timeout=60)[0]

    computed = [int(line.split()[1]) for line in output.splitlines() if "computed" in line]
    assert min(computed) == 12
    assert "resumed True" in output
    expected = np.arange(480, dtype=np.float32).reshape(120, 4)
    assert np.array_equal(open_store(root).latents.z.values, expected)


@pytest.mark.services
def test_open_repository__creates_quietly_and_only_once(root):
    code = PRELUDE + "open_repository(root)"
    command = [sys.executable, "-W", "error", "-c", code, str(root)]
    openers = [subprocess.Popen(command, stdout=PIPE, stderr=STDOUT, text=True) for _ in range(2)]

    assert [process.communicate(timeout=60)[0] for process in openers] == [""] * 2
    assert open_store(root).groups == ()
    assert [path.name for path in root.parent.iterdir()] == [root.name]


def test_open_repository__uses_an_empty_folder(root):
    root.mkdir()

    open_repository(root)

    assert open_store(root).groups == ()


def test_lock__held_for_too_long_is_an_error(repository, root, monkeypatch):
    monkeypatch.setattr("zpoints.storage.backend.location.LOCK_SECONDS", 0.1)

    with (
        FileLock(root / LOCK_NAME),
        pytest.raises(StoreLockedError, match=r"Another process has held .*zpoints\.lock"),
    ):
        begin(repository)


def test_open_store__needs_no_lock(repository, root):
    publish_latents(repository)

    with FileLock(root / LOCK_NAME):
        assert np.array_equal(open_store(root).latents.z.values, vectors(8))


def test_store__is_the_newest_version(repository):
    assert repository.store().groups == ()
    version = publish_latents(repository)

    assert repository.store().version == version
    assert repository.store().latents.sizes == latent_template(8).sizes
