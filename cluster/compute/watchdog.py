"""The limit to waiting: work that no worker takes up is given up."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distributed import Client
from distributed.client import ClosedClientError

SECONDS_BETWEEN_LOOKS = 2.0


@contextmanager
def watched(client: Client, limit: float) -> Iterator[None]:
    """Cancel what waits in vain while the block runs.

    Dask's own limit, ``no-workers-timeout``, is a setting of the scheduler, which may be another's;
    and it does not see workers that pause for want of memory, or a scheduler that hangs.

    Parameters
    ----------
    client
        Whose work.
    limit
        Seconds for which work may wait while no worker is at any.
    """
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(client, limit, over), daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def _watch(client: Client, limit: float, over: threading.Event) -> None:
    alive = time.monotonic()
    while not over.wait(min(SECONDS_BETWEEN_LOOKS, limit)) and client.status != "closed":
        reason = _idle(client)
        if not reason:
            alive = time.monotonic()
        elif time.monotonic() - alive > limit:
            message = f"{reason} for {limit:g} s (cluster.worker_timeout)"
            loop: Any = client.loop
            loop.add_callback(_cancel, client, message)
            alive = time.monotonic()


def _idle(client: Client) -> str:
    """Why nothing happens though there is work; empty where something does."""
    if not any(state.status == "pending" for state in list(client.futures.values())):
        return ""
    scheduler: Any = client.scheduler
    try:
        timeout = 2 * SECONDS_BETWEEN_LOOKS
        seen = client.sync(scheduler.identity, n_workers=-1, callback_timeout=timeout)
        tasks = client.sync(scheduler.processing, workers=None, callback_timeout=timeout)
    except (OSError, TimeoutError, RuntimeError, ClosedClientError):
        return "the scheduler did not answer"
    running = {name for name, w in seen["workers"].items() if w["status"] == "running"}
    if any(tasks.get(name) for name in running):
        return ""
    if not seen["workers"]:
        return "there was no worker"
    return (
        "no worker could take the tasks up (GPU workers gone?)"
        if running
        else "all workers paused, since their memory is full"
    )


def _cancel(client: Client, message: str) -> None:
    for state in list(client.futures.values()):
        state.cancel(reason="nothing happens", msg=message)
