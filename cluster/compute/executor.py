"""Computes independent tasks on the current Dask client and yields results as they finish."""

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from functools import partial
from itertools import islice
from math import inf
from typing import Any, TypeVar
from uuid import uuid4

import dask
from dask.delayed import Delayed
from distributed import Client, Future, as_completed
from distributed.comm import CommClosedError

from zpoints.cluster.compute.scheduler_calls import call_in_time
from zpoints.storage.executor import SynchronousExecutor

T = TypeVar("T")

AHEAD = 3
"""Largest number of tasks per thread (or GPU slot), so that no thread waits for its next task. With
more tasks, Dask suspects more of them when a worker dies, and drops one later."""
SECONDS_BETWEEN_COUNTS = 1.0
"""Time after which the scheduler's workers are counted again."""


class ClusterExecutor:
    """Computes tasks on the client that Dask would use, or locally if there is none.

    Results are fetched at once, so that a worker that dies loses none.
    """

    def results(
        self, tasks: Iterable[Callable[..., T]], *, name: str, shared: Delayed | None = None
    ) -> Generator[list[T], None, None]:
        """Yield lists of results, in the order in which tasks finish.

        Parameters
        ----------
        tasks
            Functions to call, which must pickle. Each is taken when a worker has capacity for it.
        name
            Prefix of the tasks' keys, which Dask's dashboard shows.
        shared
            Argument of every task, computed once and sent once to each worker; None calls tasks
            without an argument.

        Yields
        ------
        list
            Results of one or more tasks.

        Raises
        ------
        CommClosedError
            If the scheduler is gone or does not answer.
        """
        client = _current_client()
        if client is None:
            yield from SynchronousExecutor().results(tasks, name=name, shared=shared)
            return
        tasks = iter(tasks)
        arguments = () if shared is None else (client.compute(shared),)
        running, unfetched, counted_at = as_completed(loop=client.loop), set[Future](), -inf
        try:
            while True:
                if time.monotonic() > counted_at + SECONDS_BETWEEN_COUNTS:
                    room, counted_at = AHEAD * _slots(client), time.monotonic()
                for task in islice(tasks, max(0, room - running.count())):
                    future = client.submit(task, *arguments, key=f"{name}-{uuid4().hex}")
                    unfetched.add(future)
                    running.add(future)
                if running.is_empty():
                    return
                batch = running.next_batch()
                results = _fetched(client, batch)
                if results is None:
                    running.update(batch)
                else:
                    unfetched.difference_update(batch)
                    yield results
        finally:
            for future in unfetched:  # left over after an error; nobody needs their results
                future.release()


def _current_client() -> Client | None:
    """The client that Dask would compute with; None for a local scheduler."""
    if dask.config.get("scheduler", None) not in (None, "distributed", "dask.distributed"):
        return None
    try:
        return Client.current()
    except ValueError:
        return None


def _fetched(client: Client, futures: list[Future]) -> list[Any] | None:
    """Results of finished futures; None if they have to be awaited again.

    If the worker that holds a result is dead or frozen, the scheduler computes the result again.
    """
    try:
        return list(call_in_time(client, partial(client.gather, futures, asynchronous=True)))
    except TimeoutError:
        if any(future.status == "error" for future in futures):
            raise  # raised by the task itself
        _slots(client)  # raises if the scheduler does not answer
        return None


def _slots(client: Client) -> int:
    """Number of tasks that the current workers can run at a time, at least 1.

    Raises
    ------
    CommClosedError
        If the scheduler is gone or does not answer.
    """
    scheduler: Any = client.scheduler
    if scheduler is None:
        raise CommClosedError("the connection to the scheduler is closed")
    try:
        identity = call_in_time(client, scheduler.identity, n_workers=-1)
    except OSError as error:  # a TimeoutError is one
        raise CommClosedError(str(error) or "the scheduler did not answer") from error
    needed = dask.get_annotations().get("resources", {})
    return max(1, sum(_slots_of(worker, needed) for worker in identity["workers"].values()))


def _slots_of(worker: Mapping[str, Any], needed: Mapping[str, float]) -> int:
    offered = worker["resources"]
    return min(worker["nthreads"], *(int(offered.get(n, 0) // needed[n]) for n in needed), 2**31)
