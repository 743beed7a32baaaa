"""Cancels tasks when no worker has been running any for too long."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distributed import Client
from distributed.client import ClosedClientError

SECONDS_BETWEEN_CHECKS = 2.0


@contextmanager
def stall_limit(client: Client, limit: float) -> Iterator[None]:
    """Cancel the client's tasks if they stall while the block runs.

    Dask's own limit, ``no-workers-timeout``, is a setting of the scheduler, which may belong to
    someone else. It also misses workers that pause because their memory is full, and a scheduler
    that hangs.

    Parameters
    ----------
    client
        Client whose tasks are watched.
    limit
        Seconds for which tasks may wait while no worker runs any of them.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(client, limit, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(client: Client, limit: float, stop: threading.Event) -> None:
    last_active = time.monotonic()
    while not stop.wait(min(SECONDS_BETWEEN_CHECKS, limit)) and client.status != "closed":
        reason = _stall_reason(client)
        if not reason:
            last_active = time.monotonic()
        elif time.monotonic() - last_active > limit:
            message = f"{reason} for {limit:g} s (cluster.worker_timeout)"
            loop: Any = client.loop
            loop.add_callback(_cancel, client, message)
            last_active = time.monotonic()


def _stall_reason(client: Client) -> str:
    """Why no task is running although some are pending; empty if work proceeds."""
    if not any(state.status == "pending" for state in list(client.futures.values())):
        return ""
    scheduler: Any = client.scheduler
    try:
        timeout = 2 * SECONDS_BETWEEN_CHECKS
        described = client.sync(scheduler.identity, n_workers=-1, callback_timeout=timeout)
        tasks = client.sync(scheduler.processing, workers=None, callback_timeout=timeout)
    except (OSError, TimeoutError, RuntimeError, ClosedClientError):
        return "the scheduler did not answer"
    running = {name for name, w in described["workers"].items() if w["status"] == "running"}
    if any(tasks.get(name) for name in running):
        return ""
    if not described["workers"]:
        return "there was no worker"
    return (
        "no worker could accept the tasks (are the GPU workers gone?)"
        if running
        else "all workers were paused because their memory is full"
    )


def _cancel(client: Client, message: str) -> None:
    for state in list(client.futures.values()):
        state.cancel(reason="stalled", msg=message)
