"""Processes that end while they read a store, or just after: none aborts, none complains."""

import json
import subprocess
import sys

import pytest

from tests.storage.conftest import publish_images, publish_latents

FAMILY = """
import collections, json, os, subprocess, sys
import distributed, xarray.backends.zarr  # which scripts would load for 0.4 s each
import zpoints.storage.store, zpoints.storage.repository, zpoints.storage.verify.store
root, count, preload, code = sys.argv[1:]
exec(preload)
running, ends, begun, is_script = {}, collections.Counter(), 0, False
while begun < int(count) or running:
    if begun < int(count) and len(running) < 8:  # more than cores: a load
        said = os.memfd_create("output")
        if not (pid := os.fork()):
            os.dup2(said, 1), os.dup2(said, 2)
            is_script = True
            break
        running[pid], begun = said, begun + 1
        continue
    pid, status = os.wait()
    said = running.pop(pid)
    os.lseek(said, 0, 0)
    ends[os.waitstatus_to_exitcode(status), os.read(said, 4000).decode()] += 1
    os.close(said)
if is_script:
    exec(compile(code, "script", "exec"))
else:
    print(json.dumps([[*end, number] for end, number in ends.items()]))
"""
"""Forks scripts from an interpreter that has loaded the storage. They end as interpreters do, not
by `os._exit`, since they leave this code at its end."""

READS = """
import threading, time
def read():
    while True:
        {call}
for _ in range(3):
    threading.Thread(target=read, daemon=True).start()
time.sleep(0.1)
"""
OPENS = "from zpoints.storage import open_store\nstore = open_store(root)\n"
ABANDONS = """
import asyncio
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
array = store.array("latents", "z")
async def fail():
    raise ValueError("this read failed")
async def read():
    chunks = [array.store.get(f"latents/z/c/{k}/0", default_buffer_prototype()) for k in range(10)]
    await asyncio.gather(*chunks, fail())
try:
    sync(read())
except ValueError:
    sys.exit(4)
"""
AT_EXIT = """
import atexit
def last():
    from zpoints.storage import open_store
    assert len(open_store(root).history()) == 2
atexit.register(last)
"""
WORKERS = """
from distributed import Client
client = Client(processes=False, dashboard_address=None, n_workers=1, threads_per_worker=3)
parts = client.compute([store.latents.z.sum() for _ in range(40)])
"""

SCRIPTS = {
    "opens": (OPENS, 0),
    "opens to write": ("from zpoints.storage import open_repository\nopen_repository(root)", 0),
    "reads": (OPENS + "store.images, store.latents.z.values", 0),
    "lists versions": (OPENS + "store.history()", 0),
    "exits": (OPENS + "store.latents\nsys.exit(7)", 7),
    "abandons reads": (OPENS + ABANDONS, 4),
    "stores in daemons": (OPENS + READS.format(call="open_store(root).history()"), 0),
    "labels in daemons": (OPENS + READS.format(call="open_store(root).latents"), 0),
    "records in daemons": (
        "from zpoints.storage.backend.blobs import Blobs\n"
        + READS.format(call='Blobs(root).read("refs/branch.main/ref.json")'),
        0,
    ),
    "verifies in daemons": (
        "from zpoints.storage.verify.store import verify\n" + READS.format(call="verify(root)"),
        0,
    ),
    "reads at exit": (AT_EXIT + OPENS, 0),
}
EACH = 20


def ends(root: object, count: int, code: str, preload: str = "") -> list[list[object]]:
    """Exit codes and outputs of scripts, each with the number of scripts that ended so."""
    command = [sys.executable, "-c", FAMILY, str(root), str(count), preload, code]
    family = subprocess.run(command, capture_output=True, text=True, timeout=500, check=True)
    found: list[list[object]] = json.loads(family.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", SCRIPTS)
def test_exit__of_many_scripts_under_load_is_clean(repository, root, kind):
    publish_images(repository, 30)
    publish_latents(repository, 30)
    code, status = SCRIPTS[kind]

    assert ends(root, EACH, code) == [[status, "", EACH]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preload", "code", "status"),
    [
        ("", OPENS + WORKERS, 0),
        ("", OPENS + READS.format(call="store.latents.z.values"), 0),  # Dask refuses new tasks
        ("", OPENS + "raise KeyError('a mistake')", 1),
        (
            "import zpoints.cluster.cli.main, zpoints.cluster.cli.tables",
            "sys.argv = ['zpoints', 'history', root]\nzpoints.cluster.cli.main.main()",
            0,
        ),
    ],
    ids=["tasks of a cluster", "tasks of daemons", "an exception", "a command"],
)
def test_exit__never_aborts(repository, root, preload, code, status):
    publish_images(repository, 30)
    publish_latents(repository, 30)

    for found, said, _ in ends(root, 8, code, preload):
        assert found == status, said
        assert "panicked" not in said
        assert "FATAL" not in said
