"""BLAS in tasks: callable from compiled kernels, and limited to one thread.

As many tasks run at once as there are cores, so BLAS has one thread while they run.
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
from scipy.linalg import cython_blas  # not the BLAS library of NumPy
from threadpoolctl import ThreadpoolController

_CHAR, _INT = types.CPointer(types.uint8), types.CPointer(types.int32)
_DOUBLE = types.CPointer(types.float64)


def _external(name: str, *arguments: Any) -> Any:
    """A function of SciPy's BLAS that kernels call without holding the interpreter lock.

    Compiled kernels find it by a symbol: Numba's cache cannot hold an address. The cache does not
    depend on this module, so a change of a signature here needs a change in sums.py as well. With
    `NUMBA_DISABLE_JIT=1` the kernels run as Python, and ctypes makes the same call.

    Parameters
    ----------
    name
        BLAS routine, e.g. "dsyrk".
    arguments
        Numba types of its arguments, all pointers.

    Raises
    ------
    ImportError
        If the BLAS of this SciPy takes integers of another width than 32 bits: such a call would
        compute garbage or overwrite memory.
    """
    signature = str(cython_blas.__pyx_capi__[name])
    if "int *" not in signature or "int64" in signature:
        raise ImportError(
            f"The BLAS of this SciPy declares {name} as {signature}; expected 32-bit integers. "
            "Install a SciPy build with the LP64 interface, such as the wheel from PyPI."
        )
    address = get_cython_function_address("scipy.linalg.cython_blas", name)
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return ctypes.CFUNCTYPE(None, *(ctypes.c_void_p for _ in arguments))(address)
    symbol = f"zpoints_{name}"
    llvmlite.binding.add_symbol(symbol, address)
    return types.ExternalFunction(symbol, types.void(*arguments))


# (uplo, trans, n, k, alpha, a, lda, beta, c, ldc) of column-major arrays.
dsyrk = _external("dsyrk", _CHAR, _CHAR, _INT, _INT, _DOUBLE, _DOUBLE, _INT, _DOUBLE, _DOUBLE, _INT)

_lock = Lock()
_users = 0
_limit: Any = None


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Limit BLAS to one thread; the last of overlapping blocks restores the previous number.

    The number of BLAS threads belongs to the process. If every kernel saved and restored it, one
    kernel would lift the limit of another; hence the count of users. Dask starts worker processes
    with one BLAS thread, and nothing is changed there.
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
    """The thread that sets and restores: the thread that set a limit has to lift it."""
    return ThreadPoolExecutor(1, thread_name_prefix="blas-limit")
