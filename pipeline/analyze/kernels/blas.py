"""BLAS inside tasks: called by compiled kernels, and on one thread of each task.

Tasks run on as many threads as there are cores, so that BLAS has one thread while they run.
"""

import ctypes
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

import llvmlite.binding
from numba import config, types
from numba.extending import get_cython_function_address
from scipy.linalg import cython_blas  # another library than NumPy's BLAS
from threadpoolctl import ThreadpoolController

_CHAR, _INT = types.CPointer(types.uint8), types.CPointer(types.int32)
_DOUBLE = types.CPointer(types.float64)


def _external(name: str, *arguments: Any) -> Any:
    """A function of SciPy's BLAS, to be called by compiled kernels without the interpreter lock.

    By a symbol, not by its address, which Numba could not keep in its cache. The cache does not
    see this module: after a change of a signature, kernels.py must change as well.

    Raises
    ------
    ImportError
        If this SciPy's BLAS has other integers than 32 bits: a function called in the wrong way
        would compute nothing, or overwrite memory.
    """
    signature = str(cython_blas.__pyx_capi__[name])
    if "int *" not in signature or "int64" in signature:
        raise ImportError(f"zpoints needs a SciPy whose BLAS has 32-bit integers, not {signature}.")
    symbol = f"zpoints_{name}"
    address = get_cython_function_address("scipy.linalg.cython_blas", name)
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(arguments))(address)
    llvmlite.binding.add_symbol(symbol, address)
    return types.ExternalFunction(symbol, types.void(*arguments))


# (uplo, trans, n, k, alpha, a, lda, beta, c, ldc) of column-major arrays.
dsyrk = _external("dsyrk", _CHAR, _CHAR, _INT, _INT, _DOUBLE, _DOUBLE, _INT, _DOUBLE, _DOUBLE, _INT)

_lock = Lock()
_users = 0
_limit: Any = None


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Limit the process to one BLAS thread; the last kernel to leave restores the old number.

    The number of BLAS threads belongs to the process: if every kernel set and restored it, one
    would lift the limit under another. Hence the count of users. Worker processes have one thread
    from the start, by Dask's settings, and nothing is set there.
    """
    global _users, _limit
    with _lock:
        if _users == 0:
            several = any(library.num_threads != 1 for library in _controller().lib_controllers)
            _limit = _setter().submit(_enter_limit).result() if several else None
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0 and _limit is not None:
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
