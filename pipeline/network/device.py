"""The device that the network runs on: choice, arithmetic, memory and threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Literal

import torch

from zpoints.pipeline.errors import DeviceError

DeviceName = Literal["auto", "cpu", "cuda"]
"""A configured device; ``auto`` takes CUDA if there is a GPU."""


def choose_device(name: DeviceName) -> torch.device:
    """Torch device for a configured name.

    Raises
    ------
    DeviceError
        If ``name`` is ``cuda`` and there is no CUDA device.
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
    """Number of CUDA devices that this process may use."""
    return torch.cuda.device_count()


def cuda_device_names() -> list[str]:
    """Names of the CUDA devices that this process may use."""
    return [torch.cuda.get_device_name(number) for number in range(cuda_devices())]


def gains_from_bfloat16(device: torch.device) -> bool:
    """Whether the processor multiplies bfloat16 numbers in hardware."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported())


def use_exact_float32(device: torch.device) -> None:
    """Disable TF32, which rounds float32 factors to ten bits, for the rest of this process."""
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False


def use_repeatable_algorithms(device: torch.device) -> None:
    """Restrict cuDNN to algorithms with a fixed order of additions, for the rest of this process.

    By default it computes transposed convolutions and the gradients of convolutions with atomic
    additions. CPUs need no such setting: for the same number of threads they split the sums of a
    network in the same way.
    """
    if device.type == "cuda":
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False


# In messages of CUDA and its libraries, e.g. cuBLAS; PyTorch's own error has a class.
_OUT_OF_MEMORY = ("CUDA error: out of memory", "_STATUS_ALLOC_FAILED")


@contextmanager
def gpu_memory(remedy: str) -> Iterator[None]:
    """Context manager for work that may run out of GPU memory.

    Parameters
    ----------
    remedy
        What to do then; ends the error message.

    Raises
    ------
    DeviceError
        If the GPU runs out of memory.
    """
    try:
        yield
    except RuntimeError as error:
        known = isinstance(error, torch.OutOfMemoryError)
        if not known and not any(sign in str(error) for sign in _OUT_OF_MEMORY):
            raise
        raise DeviceError(f"The GPU ran out of memory. {remedy}") from error


class _SingleThread:
    """Sets torch to one thread; the last of overlapping tasks restores the number."""

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
"""Context manager in which torch computes with one thread; tasks may overlap."""
