"""The processor that the network runs on, and the arithmetic that suits it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from storage.errors import ZpointsError


class DeviceError(ZpointsError):
    """The configured device does not exist here."""


def choose_device(name: Literal["auto", "cpu", "cuda"]) -> torch.device:
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


def gains_from_bfloat16(device: torch.device) -> bool:
    """Whether the processor multiplies bfloat16 numbers in hardware."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported())


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let torch use ``count`` threads in this block; restores the former number after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
