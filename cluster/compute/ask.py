"""What a scheduler is asked, within a limit."""

from collections.abc import Callable
from typing import Any

import dask
from dask.utils import parse_timedelta
from distributed import Client
from distributed.client import ClosedClientError

from zpoints.cluster.errors import ClusterError


def answer(
    client: Client, question: Callable[..., Any], *, limit: float | None = None, **asked: Any
) -> Any:
    """Ask a scheduler; one that hangs keeps its connections open and never answers.

    Parameters
    ----------
    client
        Whose scheduler.
    question
        What asks it; gives an awaitable inside the client's event loop.
    limit
        Seconds to wait; ``cluster.connect_timeout`` if omitted.
    asked
        Arguments of the question.

    Raises
    ------
    ClusterError
        If there is no answer in time.
    """
    if limit is None:
        limit = parse_timedelta(dask.config.get("distributed.comm.timeouts.connect"))
    try:
        return client.sync(question, callback_timeout=limit, **asked)
    except TimeoutError as error:
        raise ClusterError(
            f"The Dask scheduler did not answer within {limit:g} s. See that it runs and is in "
            "reach, and start it anew if it hangs. What is committed stays; the same command goes "
            "on from there."
        ) from error


def identity(client: Client) -> dict[str, Any]:
    """What a scheduler says of itself and of all its workers.

    Raises
    ------
    ClusterError
        If there is no answer in time.
    ClosedClientError
        If the connection is closed.
    """
    scheduler: Any = client.scheduler
    if scheduler is None:
        raise ClosedClientError("the connection to the scheduler is closed")
    return answer(client, scheduler.identity, n_workers=-1)


def workers_of(client: Client) -> dict[str, dict[str, Any]]:
    """What the scheduler knows of its workers, by their addresses; raises as ``identity``."""
    return identity(client)["workers"]
