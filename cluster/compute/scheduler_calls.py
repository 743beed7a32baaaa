"""Calls the scheduler with a time limit."""

from collections.abc import Callable
from typing import Any

import dask
from dask.utils import parse_timedelta
from distributed import Client
from distributed.client import ClosedClientError

from zpoints.cluster.errors import ClusterError


def call_in_time(
    client: Client, method: Callable[..., Any], *, timeout: float | None = None, **arguments: Any
) -> Any:
    """Call a coroutine of Dask's client with a time limit.

    The client's own synchronous methods wait for ever if the scheduler hangs, because a hanging
    scheduler keeps its connections open.

    Parameters
    ----------
    client
        Client of the scheduler.
    method
        Function that returns an awaitable inside the client's event loop.
    timeout
        Seconds to wait for the result; by default ``cluster.connect_timeout``.
    arguments
        Keyword arguments of ``method``.

    Returns
    -------
    Any
        The result of the awaitable.

    Raises
    ------
    TimeoutError
        If there is no result in time, or the awaitable itself raises it.
    """
    timeout = _connect_timeout() if timeout is None else timeout
    return client.sync(method, callback_timeout=timeout, **arguments)


def call_scheduler(
    client: Client, method: Callable[..., Any], *, timeout: float | None = None, **arguments: Any
) -> Any:
    """Call a coroutine of Dask's client as ``call_in_time``, with an error for users.

    Parameters
    ----------
    client, method, timeout, arguments
        As ``call_in_time``.

    Returns
    -------
    Any
        The result of the awaitable.

    Raises
    ------
    ClusterError
        If there is no result in time.
    """
    timeout = _connect_timeout() if timeout is None else timeout
    try:
        return call_in_time(client, method, timeout=timeout, **arguments)
    except TimeoutError as error:
        raise ClusterError(
            f"The Dask scheduler did not answer within {timeout:g} s. Check that it is running and "
            "reachable, and restart it if it hangs. Committed work is kept; the same command "
            "continues from there."
        ) from error


def _connect_timeout() -> Any:
    return parse_timedelta(dask.config.get("distributed.comm.timeouts.connect"))


def scheduler_identity(client: Client) -> dict[str, Any]:
    """Dask's description of the scheduler and of all its workers.

    Raises
    ------
    ClusterError
        If the scheduler does not answer in time.
    ClosedClientError
        If the connection is closed.
    """
    scheduler: Any = client.scheduler
    if scheduler is None:
        raise ClosedClientError("the connection to the scheduler is closed")
    return call_scheduler(client, scheduler.identity, n_workers=-1)


def workers_of(client: Client) -> dict[str, dict[str, Any]]:
    """The scheduler's description of each worker, by address; raises as ``scheduler_identity``."""
    return scheduler_identity(client)["workers"]
