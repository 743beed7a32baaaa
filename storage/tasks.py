"""Independent tasks through Dask's active scheduler, each result as soon as it is there."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TypeVar
from uuid import uuid4

import dask
from dask.delayed import Delayed

T = TypeVar("T")

AHEAD = 4
"""Tasks per thread that a cluster has at most: none of its threads waits for the next one, and the
scheduler holds few, however many there are."""


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
        while some := [partial(task, *arguments) for task in islice(tasks, AHEAD)]:
            yield list(dask.compute(*(dask.delayed(task, pure=False)() for task in some)))
        return
    arguments = () if shared is None else (client.compute(shared),)
    running = as_completed(loop=client.loop)
    try:
        while True:
            threads = max(1, sum(client.nthreads().values()))
            for task in islice(tasks, max(0, AHEAD * threads - running.count())):
                running.add(client.submit(task, *arguments, key=f"{name}-{uuid4().hex}"))
            if running.is_empty():
                return
            yield client.gather(running.next_batch())
    finally:
        for future in list(running.futures):  # left by an error: not worth computing
            future.release()
