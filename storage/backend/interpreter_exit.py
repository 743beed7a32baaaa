"""Lets every call into Icechunk and obstore end before the interpreter does.

Both run on Tokio, whose threads return results to Python. A thread that asks for the interpreter
while it is ending is ended by it, which Rust answers with an abort of the process (SIGABRT).
`docs/decisions/storage-reading.md` has the stack.
"""

import asyncio
import atexit
import os
import sys
import threading
import time
from asyncio.base_events import BaseEventLoop
from contextlib import suppress

# Imported before `atexit.register` below: what is registered later runs earlier, and Zarr stops its
# event loop with the reads that are still on it.
from zarr.core import sync as zarr_sync

SECONDS_TO_END = 5.0
"""How long the end of a process waits for calls in progress, e.g. to a server that is silent."""


class _NativeCalls:
    """Context of calls into native libraries, for all threads; contexts of a thread may nest.

    The interpreter waits for all threads but daemons, such as Dask's. When it ends, the calls of
    daemons in progress are waited for, and no daemon begins another one.
    """

    def __init__(self) -> None:
        self._ending = self._exiting = False
        self._own = threading.local()
        self._forked()
        os.register_at_fork(after_in_child=self._forked)
        # Before concurrent.futures ends its threads, which calls in progress need. `atexit` is too
        # late for that; Python has no public function that is called in time.
        threading._register_atexit(self._end_daemons)  # type: ignore[attr-defined]
        atexit.register(self._exit)

    def _forked(self) -> None:
        """Count the calls of the one thread that a forked process has; it may be within one."""
        self._changed = threading.Condition()
        in_call = getattr(self._own, "depth", 0) > 0
        self._daemons = int(in_call and threading.current_thread().daemon)

    def __enter__(self) -> None:
        depth = getattr(self._own, "depth", 0)
        if not depth and threading.current_thread().daemon:
            with self._changed:
                begins = not self._ending
                self._daemons += begins
            if not begins:
                # Ends the thread silently, where other errors would be printed. It may not block:
                # the threads of a pool that a daemon made are daemons, and Python waits for them.
                raise SystemExit
        self._own.depth = depth + 1

    def __exit__(self, *raised: object) -> None:
        self._own.depth -= 1
        if self._own.depth:
            return
        if threading.current_thread().daemon:
            with self._changed:
                self._daemons -= 1
                self._changed.notify_all()
        elif self._exiting:  # in a function of `atexit` that runs after this module's
            _drain(time.monotonic() + SECONDS_TO_END)

    def _end_daemons(self) -> None:
        with self._changed:
            self._ending = True
            self._changed.wait_for(lambda: self._daemons == 0, SECONDS_TO_END)

    def _exit(self) -> None:
        self._exiting = True
        _drain(time.monotonic() + SECONDS_TO_END)


NATIVE_CALLS = _NativeCalls()
"""Every call into Icechunk, obstore or an array of theirs is made in this context."""


def _drain(until: float) -> None:
    """Wait for reads that nobody awaits any more, for Tokio's threads, and end Zarr's loop."""
    loop, thread = zarr_sync.loop[0], zarr_sync.iothread[0]
    if loop is None or thread is None:
        return
    idle = asyncio.run_coroutine_threadsafe(_idle(), loop)
    with suppress(TimeoutError):
        idle.result(max(0.0, until - time.monotonic()))
    while _returning_a_result() and time.monotonic() < until:
        time.sleep(0.0005)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(max(0.0, until - time.monotonic()))
    if not thread.is_alive():
        zarr_sync.cleanup_resources()  # which itself would wait for 0.2 s only


async def _idle() -> None:
    """Wait until the event loop has no other task: an error leaves the reads beside it alone."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


def _returning_a_result() -> bool:
    """Whether a thread of Tokio is in the call that hands a result over to an event loop.

    The loop may have used the result while that thread still waits for the interpreter.
    """
    for frame in sys._current_frames().values():
        while frame.f_back is not None:
            frame = frame.f_back
        if frame.f_code is BaseEventLoop.call_soon_threadsafe.__code__:
            return True
    return False
