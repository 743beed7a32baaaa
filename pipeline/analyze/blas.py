"""One BLAS thread while a kernel runs, however many Dask threads run kernels at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

import scipy.linalg.blas  # noqa: F401  (its BLAS is another library than NumPy's)
from threadpoolctl import ThreadpoolController

_lock = Lock()
_users = 0
_limit: Any = None


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Limit the process to one BLAS thread; the last kernel to leave restores the old number.

    The number of BLAS threads belongs to the process: if every kernel set and restored it, one
    would lift the limit under another. Hence the count of users.
    """
    global _users, _limit
    with _lock:
        if _users == 0:
            _limit = _setter().submit(_enter_limit).result()
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _setter().submit(_limit.__exit__, None, None, None).result()


def _enter_limit() -> Any:
    return _controller().limit(limits=1).__enter__()


@cache
def _controller() -> Any:
    return ThreadpoolController().select(user_api="blas")


@cache
def _setter() -> ThreadPoolExecutor:
    """The one thread that sets and restores: threadpoolctl ignores others than who set a limit."""
    return ThreadPoolExecutor(1, thread_name_prefix="blas-limit")
