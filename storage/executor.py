"""Independent tasks through Dask's active scheduler, each result as soon as it is there."""

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from functools import partial
from itertools import islice
from math import inf
from typing import Any, TypeVar
from uuid import uuid4

import dask
from dask.delayed import Delayed
from dask.utils import parse_timedelta
from distributed import Client, Future, as_completed
from distributed.comm import CommClosedError

T = TypeVar("T")

AHEAD = 3
"""Tasks per thread (or GPU slot) that a cluster has at most: none waits for the next one. More of
them would share the blame for a worker that dies again and again, and be given up late."""
SECONDS_BETWEEN_QUESTIONS = 1.0
"""After which the scheduler is asked again what its workers take."""
AT_ONCE = 4
"""Tasks that go to a local scheduler at a time."""


def finished(
    tasks: Iterable[Callable[..., T]], *, name: str, shared: Delayed | None = None
) -> Generator[list[T], None, None]:
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
    tasks, client = iter(tasks), _client()
    if client is None:
        arguments = () if shared is None else dask.compute(shared)
        while some := [partial(task, *arguments) for task in islice(tasks, AT_ONCE)]:
            yield list(dask.compute(*(dask.delayed(task, pure=False)() for task in some)))
        return
    arguments = () if shared is None else (client.compute(shared),)
    running, given, asked = as_completed(loop=client.loop), set[Future](), -inf
    try:
        while True:
            if time.monotonic() > asked + SECONDS_BETWEEN_QUESTIONS:
                room, asked = AHEAD * _slots(client), time.monotonic()
            for task in islice(tasks, max(0, room - running.count())):
                future = client.submit(task, *arguments, key=f"{name}-{uuid4().hex}")
                given.add(future)
                running.add(future)
            if running.is_empty():
                return
            batch = running.next_batch()
            results = _fetched(client, batch)
            if results is None:
                running.update(batch)
            else:
                given.difference_update(batch)
                yield results
    finally:
        for future in given:  # left by an error: not worth computing
            future.release()


def value(shared: Delayed) -> Any:
    """The value of a Delayed, fetched within the limits that results have."""
    [[result]] = finished([_itself], name="value", shared=shared)
    return result


def _itself(result: T) -> T:
    return result


def _client() -> Client | None:
    """The client that Dask would compute with; None for a local scheduler."""
    if dask.config.get("scheduler", None) not in (None, "distributed", "dask.distributed"):
        return None
    try:
        return Client.current()
    except ValueError:
        return None


def _fetched(client: Client, futures: list[Future]) -> list[Any] | None:
    """Results of futures that are done; None if they are to be waited for once more.

    That is while a worker that holds one is dead or frozen: the scheduler has it computed again.
    """
    try:
        return list(_answer(client, partial(client.gather, futures, asynchronous=True)))
    except TimeoutError:
        if any(future.status == "error" for future in futures):
            raise  # a task's own
        _slots(client)  # raises if it is the scheduler that does not answer
        return None


def _slots(client: Client) -> int:
    """How many of the tasks workers that there are now take at a time, at least 1.

    Raises
    ------
    CommClosedError
        If the scheduler is gone or does not answer.
    """
    scheduler: Any = client.scheduler
    if scheduler is None:
        raise CommClosedError("the connection to the scheduler is closed")
    try:
        seen = _answer(client, partial(scheduler.identity, n_workers=-1))
    except OSError as error:  # a TimeoutError is one
        raise CommClosedError(str(error) or "the scheduler did not answer") from error
    needed = dask.get_annotations().get("resources", {})
    return max(1, sum(_slots_of(worker, needed) for worker in seen["workers"].values()))


def _slots_of(worker: Mapping[str, Any], needed: Mapping[str, float]) -> int:
    offered = worker["resources"]
    return min(worker["nthreads"], *(int(offered.get(n, 0) // needed[n]) for n in needed), 2**31)


def _answer(client: Client, question: Callable[[], Any]) -> Any:
    """Ask a scheduler; one that hangs keeps its connections open and never answers.

    Raises
    ------
    TimeoutError
        If there is no answer within the time that Dask's settings allow for connecting.
    """
    limit = parse_timedelta(dask.config.get("distributed.comm.timeouts.connect"))
    return client.sync(question, callback_timeout=limit)
