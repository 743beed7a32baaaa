"""The processor that the network runs on, and the arithmetic that suits it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Literal

import torch

from zpoints.pipeline.errors import DeviceError

DeviceName = Literal["auto", "cpu", "cuda"]
"""A configured device; ``auto`` takes CUDA where there is one."""


def choose_device(name: DeviceName) -> torch.device:
    """The torch device for a configured name; ``auto`` takes CUDA where there is one.

    Raises
    ------
    DeviceError
        If CUDA is asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError(
            "device = cuda, but torch finds no CUDA device here. Set device to auto or cpu, or "
            "install a CUDA build of torch (environment.yml does where a GPU is present)."
        )
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def cuda_devices() -> int:
    """How many CUDA devices this process may use."""
    return torch.cuda.device_count()


def gains_from_bfloat16(device: torch.device) -> bool:
    """Whether the processor multiplies bfloat16 numbers in hardware."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported())


def use_exact_float32(device: torch.device) -> None:
    """Keep CUDA from rounding float32 factors to TF32's ten bits, for the rest of this process."""
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False


def use_repeatable_algorithms(device: torch.device) -> None:
    """Keep cuDNN to algorithms that add in the same order every time, for the rest of this process.

    It would otherwise compute the gradients of convolutions, and transposed convolutions, with
    atomic additions. On processors nothing is needed: the sums of a network are cut the same way
    for the same number of threads.
    """
    if device.type == "cuda":
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False


# What errors of CUDA and of its libraries say, such as cuBLAS; PyTorch's own have a class.
_OUT_OF_MEMORY = ("CUDA error: out of memory", "_STATUS_ALLOC_FAILED")


@contextmanager
def gpu_memory(remedy: str) -> Iterator[None]:
    """A block that may run out of the GPU's memory; ``remedy`` is said where it does.

    Raises
    ------
    DeviceError
        If it does.
    """
    try:
        yield
    except RuntimeError as error:
        known = isinstance(error, torch.OutOfMemoryError)
        if not known and not any(sign in str(error) for sign in _OUT_OF_MEMORY):
            raise
        raise DeviceError(f"The GPU has not the memory for this. {remedy}") from error


class _SingleThread:
    """torch's thread number, counted: lowered by the first task, restored by the last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tasks = 0
        self._before = 1

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._tasks == 0:
                self._before = torch.get_num_threads()
            self._tasks += 1
        torch.set_num_threads(1)  # in every task: OpenMP keeps the number per thread
        try:
            yield
        finally:
            with self._lock:
                self._tasks -= 1
                if self._tasks == 0:
                    torch.set_num_threads(self._before)


single_torch_thread = _SingleThread()
"""A block in which this thread's torch computes with one thread; tasks may overlap."""
