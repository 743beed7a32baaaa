"""Independent tasks through Dask's active scheduler, each result as soon as it is there."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from uuid import uuid4

import dask
from dask.delayed import Delayed
from dask.utils import parse_timedelta
from distributed import Client, as_completed
from distributed.comm import CommClosedError

T = TypeVar("T")

AHEAD = 3
"""Tasks per thread that a cluster has at most: none of its threads waits for the next one. More of
them would share the blame for a worker that dies again and again, and be given up late."""
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
            room = AHEAD * _threads(client) - running.count()
            for task in islice(tasks, max(0, room)):
                running.add(client.submit(task, *arguments, key=f"{name}-{uuid4().hex}"))
            if running.is_empty():
                return
            batch = running.next_batch()
            try:
                results = _answer(client, partial(client.gather, batch, asynchronous=True))
            except CommClosedError:
                if all(future.done() for future in batch):
                    raise
                running.update(batch)  # a worker has died with one, which is computed anew
            else:
                yield list(results)
    finally:
        for future in list(running.futures):  # left by an error: not worth computing
            future.release()


def _threads(client: Client) -> int:
    """Threads of the cluster's workers, at least 1: those that there are now.

    Raises
    ------
    CommClosedError
        If the scheduler is gone or does not answer.
    """
    if client.scheduler is None:
        raise CommClosedError("the connection to the scheduler is closed")
    try:
        return max(1, sum(_answer(client, client.scheduler.ncores).values()))
    except OSError as error:
        raise CommClosedError(str(error)) from error


def _answer(client: Client, question: Callable[[], Any]) -> Any:
    """Ask a scheduler; one that hangs keeps its connections open and never answers.

    Raises
    ------
    CommClosedError
        If there is no answer within the time that Dask's settings allow for connecting.
    """
    limit = parse_timedelta(dask.config.get("distributed.comm.timeouts.connect"))
    try:
        return client.sync(question, callback_timeout=limit)
    except TimeoutError as error:
        raise CommClosedError(f"the scheduler did not answer within {limit:g} s") from error
