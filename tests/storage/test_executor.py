"""Independent tasks on Dask's local scheduler."""

from functools import partial
from itertools import count
from threading import get_ident

import dask
import pytest

from zpoints.storage.executor import AT_ONCE, SynchronousExecutor, value

COMPUTED: list[int] = []


def exponent() -> int:
    COMPUTED.append(2)
    return 2


def square(number: int) -> int:
    return number**2


def test_results__come_a_few_at_a_time_in_the_order_of_the_tasks() -> None:
    tasks = (partial(square, i) for i in range(AT_ONCE + 2))

    assert list(SynchronousExecutor().results(tasks, name="t")) == [[0, 1, 4, 9], [16, 25]]


def test_results__tasks_are_taken_when_they_are_computed() -> None:
    taken = count()
    endless = (partial(square, next(taken)) for _ in count())

    next(SynchronousExecutor().results(endless, name="t"))

    assert next(taken) == AT_ONCE


def test_results__a_shared_argument_is_computed_once() -> None:
    COMPUTED.clear()
    tasks = (partial(pow, i) for i in range(20))

    batches = list(SynchronousExecutor().results(tasks, name="t", shared=dask.delayed(exponent)()))

    assert [n for batch in batches for n in batch] == [i**2 for i in range(20)]
    assert COMPUTED == [2]


def test_results__an_error_ends_them() -> None:
    with pytest.raises(ZeroDivisionError):
        list(SynchronousExecutor().results([partial(pow, 0, -1)], name="t"))


def test_results__are_computed_by_the_configured_scheduler() -> None:
    with dask.config.set(scheduler="synchronous"):
        assert list(SynchronousExecutor().results([get_ident], name="t")) == [[get_ident()]]


def test_value__is_that_of_the_delayed() -> None:
    assert value(SynchronousExecutor(), dask.delayed(square)(3)) == 9
