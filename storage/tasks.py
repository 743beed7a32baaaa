"""Independent tasks through Dask's active scheduler, each result as soon as it is there."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from uuid import uuid4

import dask
from dask.delayed import Delayed
from dask.utils import parse_timedelta

T = TypeVar("T")

AHEAD = 1024
"""Tasks that a cluster has at most: none of its threads waits for the next one, and the scheduler
holds few, however many there are."""
AT_ONCE = 4
"""Tasks that go to a local scheduler at a time."""


def finished(
    tasks: Iterable[Callable[..., T]], *, name: str, shared: Delayed | None = None
) -> Iterator[list[T]]:
    """Results in the order in which tasks finish, those at a time that there are.

    With a Dask client, results leave the workers at once, so that a worker that dies takes none
    along. Without one, the local scheduler computes some tasks after the other.

    Parameters
    ----------
    tasks
        What to compute; taken one by one, when there is a thread for it. They must pickle.
    name
        Prefix of the tasks' keys, which Dask's dashboard shows.
    shared
        Its value is the argument of all tasks: computed once, and sent once to each worker.
    """
    # Loaded where it is asked for: who reads a store needs no cluster.
    from distributed import Client, as_completed

    tasks = iter(tasks)
    try:
        client = Client.current()
    except ValueError:
        arguments = () if shared is None else dask.compute(shared)
        while some := [partial(task, *arguments) for task in islice(tasks, AT_ONCE)]:
            yield list(dask.compute(*(dask.delayed(task, pure=False)() for task in some)))
        return
    arguments = () if shared is None else (client.compute(shared),)
    running = as_completed(loop=client.loop)
    try:
        while True:
            for task in islice(tasks, AHEAD - running.count()):
                running.add(client.submit(task, *arguments, key=f"{name}-{uuid4().hex}"))
            if running.is_empty():
                return
            batch = running.next_batch()
            if (results := _gathered(client, batch)) is None:
                running.update(batch)
            else:
                yield results
    finally:
        for future in list(running.futures):  # left by an error: not worth computing
            future.release()


def _gathered(client: Any, futures: list[Any]) -> list[Any] | None:
    """Results of futures that are done; None if they are to be waited for again.

    That is where a worker has died with one, which is then computed anew.

    Raises
    ------
    CommClosedError
        If the scheduler does not answer in time; it would be waited for without a limit.
    """
    from distributed.comm import CommClosedError

    limit = parse_timedelta(dask.config.get("distributed.comm.timeouts.connect"))
    fetch = partial(client.gather, futures, asynchronous=True)
    try:
        return list(client.sync(fetch, callback_timeout=limit))
    except TimeoutError:
        if any(future.status == "error" for future in futures):
            raise
        if all(future.done() for future in futures):
            raise CommClosedError(f"the scheduler did not answer within {limit:g} s") from None
        return None
