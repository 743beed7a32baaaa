"""Independent tasks on a Dask client; see tests/storage for the synchronous executor."""

import time
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from itertools import count
from threading import Event, get_ident

import dask
import pytest
from distributed import Client, LocalCluster

from zpoints.cluster.compute.executor import AHEAD, ClusterExecutor
from zpoints.storage.executor import AT_ONCE

THREADS = 2


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two threads of this process, which share a GPU as far as Dask knows."""
    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=THREADS,
            resources={"GPU": 1},
            processes=False,
            dashboard_address=None,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def square(number: int) -> int:
    return number**2


COMPUTED: list[int] = []


def exponent() -> int:
    COMPUTED.append(2)
    return 2


def pending(client: Client) -> list[str]:
    return [key for key, state in client.futures.items() if state.status == "pending"]


RELEASE = Event()


def slow() -> None:
    RELEASE.wait()


def test_results__without_a_client_gives_all_results_in_batches() -> None:
    batches = list(
        ClusterExecutor().results((partial(square, i) for i in range(AT_ONCE + 2)), name="t")
    )

    assert batches == [[0, 1, 4, 9], [16, 25]]


def test_results__with_a_client_gives_all_results(client: Client) -> None:
    with client.as_current():
        batches = list(ClusterExecutor().results((partial(square, i) for i in range(50)), name="t"))

    assert sorted(n for batch in batches for n in batch) == [i**2 for i in range(50)]


def test_results__takes_tasks_only_when_a_thread_is_free(client: Client) -> None:
    taken = count()
    endless = (partial(square, next(taken)) for _ in count())

    with client.as_current():
        results = ClusterExecutor().results(endless, name="t")
        got = len(next(results)) + len(next(results))

    assert next(taken) <= got + AHEAD * THREADS


def test_results__counts_the_tasks_that_a_resource_allows(client: Client) -> None:
    taken = count()
    endless = (partial(square, next(taken)) for _ in count())

    with client.as_current(), dask.annotate(resources={"GPU": 1}):
        results = ClusterExecutor().results(endless, name="t")
        got = len(next(results))

    assert next(taken) <= got + AHEAD


def test_results__a_result_does_not_wait_for_slower_ones(client: Client) -> None:
    with client.as_current():
        results = ClusterExecutor().results([slow, partial(square, 3)], name="t")
        assert next(results) == [9]
        RELEASE.set()
        assert list(results) == [[None]]


@pytest.mark.parametrize("cluster", [False, True], ids=["local", "cluster"])
def test_results__the_shared_argument_is_computed_once(cluster: bool, client: Client) -> None:
    COMPUTED.clear()

    with client.as_current() if cluster else nullcontext():
        tasks = (partial(pow, i) for i in range(20))
        batches = list(
            ClusterExecutor().results(tasks, name="t", shared=dask.delayed(exponent)().persist())
        )

    assert sorted(n for batch in batches for n in batch) == [i**2 for i in range(20)]
    assert COMPUTED == [2]


def test_results__an_error_is_raised_and_cancels_the_rest(client: Client) -> None:
    tasks = (partial(pow, 0, -1) if i == 5 else partial(square, i) for i in count())

    with client.as_current(), pytest.raises(ZeroDivisionError):
        for _ in ClusterExecutor().results(tasks, name="t"):
            pass

    end = time.monotonic() + 10
    while pending(client) and time.monotonic() < end:
        time.sleep(0.01)
    assert not pending(client)


def own_limit() -> None:
    raise TimeoutError("mine")


def test_results__a_timeout_inside_a_task_is_the_tasks_error(client: Client) -> None:
    with client.as_current(), pytest.raises(TimeoutError, match="mine"):
        list(ClusterExecutor().results([own_limit], name="t"))


def test_results__a_configured_local_scheduler_is_used(client: Client) -> None:
    with client.as_current(), dask.config.set(scheduler="synchronous"):
        assert list(ClusterExecutor().results([get_ident], name="t")) == [[get_ident()]]
