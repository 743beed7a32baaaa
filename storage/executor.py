"""Computes independent tasks and yields their results as they finish."""

from collections.abc import Callable, Generator, Iterable
from functools import partial
from itertools import islice
from typing import Any, Protocol, TypeVar

import dask
from dask.delayed import Delayed

T = TypeVar("T")

AT_ONCE = 4
"""Tasks that go to Dask's scheduler at a time."""


class Executor(Protocol):
    """Computes independent tasks; a stage's transaction is given one."""

    def results(
        self, tasks: Iterable[Callable[..., T]], *, name: str, shared: Delayed | None = None
    ) -> Generator[list[T], None, None]:
        """Yield lists of results, in the order in which tasks finish.

        Parameters
        ----------
        tasks
            Functions to call; each is taken when there is capacity for it.
        name
            Prefix of the tasks' keys, which Dask's dashboard shows.
        shared
            Its value, computed once, is the argument of every task.
        """


class SynchronousExecutor:
    """Computes a few tasks at a time with Dask's scheduler and waits for all of them."""

    def results(
        self, tasks: Iterable[Callable[..., T]], *, name: str, shared: Delayed | None = None
    ) -> Generator[list[T], None, None]:
        """Yield lists of results, in the order of the tasks.

        Parameters
        ----------
        tasks, name, shared
            As in `Executor.results`.
        """
        arguments = () if shared is None else dask.compute(shared)
        tasks = iter(tasks)
        while some := [partial(task, *arguments) for task in islice(tasks, AT_ONCE)]:
            yield list(dask.compute(*(dask.delayed(task, pure=False)() for task in some)))


def value(executor: Executor, shared: Delayed) -> Any:
    """The value of a Delayed, fetched within the executor's time limits."""
    [[result]] = executor.results([_identity], name="value", shared=shared)
    return result


def _identity(result: T) -> T:
    return result
