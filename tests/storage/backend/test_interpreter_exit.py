"""Processes that end while they read a store, or just after: none aborts, none complains."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.storage.conftest import publish_images, publish_latents
from zpoints.storage import open_repository

FAMILY = """
import collections, gc, json, os, sys
import distributed, pydantic, xarray.backends.zarr, zarr  # which scripts would load for 0.8 s each
from importlib.metadata import version
if version("icechunk") < "2":  # 2 begins threads when it is imported, which no fork has
    import zpoints.storage.store, zpoints.storage.repository, zpoints.storage.verify.store
root, at_once, preload, scripts = json.loads(sys.argv[1])
exec(preload)
gc.freeze()  # scripts would copy these objects page by page when they end
rounds = range(max(count for _, _, count in scripts))
waiting = [script[:2] for k in rounds for script in scripts if k < script[2]][::-1]
running, ends, code = {}, collections.Counter(), None
while waiting or running:
    if waiting and len(running) < at_once:
        (kind, begun), output = waiting.pop(), os.memfd_create("output")
        if not (pid := os.fork()):
            os.dup2(output, 1), os.dup2(output, 2)
            code = compile(begun, "script", "exec")
            break
        running[pid] = kind, output
        continue
    pid, status = os.wait()
    kind, output = running.pop(pid)
    os.lseek(output, 0, 0)
    ends[kind, os.waitstatus_to_exitcode(status), os.read(output, 4000).decode()] += 1
    os.close(output)
if code:
    exec(code)
else:
    print(json.dumps([[*end, number] for end, number in ends.items()]))
"""
"""Forks scripts of several kinds by turns from an interpreter that has loaded the storage. They end
as interpreters do, not by `os._exit`, since they leave this code at its end."""

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

FORKS = """
import os, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, about forks beside threads
from zpoints.storage.backend.interpreter_exit import NATIVE_CALLS
ends = []
def fork():
    with NATIVE_CALLS:
        pid = os.fork()
    if pid:
        ends.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    elif threading.current_thread().daemon:
        os._exit(NATIVE_CALLS._daemons)
    else:
        sys.exit(NATIVE_CALLS._daemons)
{call}
sys.exit(ends[0])
"""
IN_A_DAEMON = """
thread = threading.Thread(target=fork, daemon=True)
thread.start()
thread.join()
"""

SCRIPTS = {
    "opens": (OPENS, 0, 60),
    "opens to write": ("from zpoints.storage import open_repository\nopen_repository(root)", 0, 20),
    "reads": (OPENS + "store.images, store.latents.z.values", 0, 20),
    "lists versions": (OPENS + "store.history()", 0, 20),
    "exits": (OPENS + "store.latents\nsys.exit(7)", 7, 20),
    "abandons reads": (OPENS + ABANDONS, 4, 12),
    "stores in daemons": (OPENS + READS.format(call="open_store(root).history()"), 0, 12),
    "labels in daemons": (OPENS + READS.format(call="open_store(root).latents"), 0, 12),
    "records in daemons": (
        "from zpoints.storage.backend.blobs import Blobs\n"
        + READS.format(call='Blobs(root).read("refs/branch.main/ref.json")'),
        0,
        12,
    ),
    "verifies in daemons": (
        "from zpoints.storage.verify.store import verify\n" + READS.format(call="verify(root)"),
        0,
        6,
    ),
    "reads at exit": (AT_EXIT + OPENS, 0, 6),
    "forks within a call": (FORKS.format(call="fork()"), 0, 2),
    "forks within a daemon's call": (FORKS.format(call=IN_A_DAEMON), 0, 2),
}
"""For each kind its code, its exit code, and how many scripts run; most open a store and end."""
AT_ONCE = 12
"""More than cores: a load."""

ENDING_OTHERWISE = {
    "tasks of a cluster": (OPENS + WORKERS, 0, 6),
    "tasks of daemons": (  # Dask refuses new tasks
        OPENS + READS.format(call="store.latents.z.values"),
        0,
        6,
    ),
    "an exception": (OPENS + "raise KeyError('a mistake')", 1, 6),
    "a command": (
        "sys.argv = ['zpoints', 'history', root]\nzpoints.cluster.cli.main.main()",
        0,
        6,
    ),
}
"""The same for scripts that print something at their end."""

Scripts = Mapping[str, tuple[str, int, int]]
Ends = dict[str, list[tuple[int, str, int]]]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a store of two groups."""
    root = tmp_path_factory.mktemp("ends") / "run"
    repository = open_repository(root)
    publish_images(repository, 30)
    publish_latents(repository, 30)
    return root


def ends_of(root: Path, scripts: Scripts, preload: str = "") -> Ends:
    """Exit codes and outputs of scripts by kind, each with the number of scripts that ended so."""
    listed = [(kind, code, count) for kind, (code, _, count) in scripts.items()]
    order = json.dumps([str(root), AT_ONCE, preload, listed])
    command = [sys.executable, "-c", FAMILY, order]
    family = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    found: Ends = {kind: [] for kind in scripts}
    for kind, status, output, number in json.loads(family.stdout):
        found[kind].append((status, output, number))
    return found


@pytest.fixture(scope="module")
def ends(stored: Path) -> Ends:
    """How many scripts that run at the same time end."""
    return ends_of(stored, SCRIPTS)


@pytest.fixture(scope="module")
def other_ends(stored: Path) -> Ends:
    """The same for `ENDING_OTHERWISE`."""
    loaded = "import zpoints.cluster.cli.main"
    return ends_of(stored, ENDING_OTHERWISE, loaded)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SCRIPTS)
def test_exit__of_many_scripts_under_load_is_clean(ends: Ends, kind: str) -> None:
    _, status, count = SCRIPTS[kind]

    assert ends[kind] == [(status, "", count)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ENDING_OTHERWISE)
def test_exit__never_aborts(other_ends: Ends, kind: str) -> None:
    for status, output, _ in other_ends[kind]:
        assert status == ENDING_OTHERWISE[kind][1], output
        assert "panicked" not in output
        assert "FATAL" not in output
