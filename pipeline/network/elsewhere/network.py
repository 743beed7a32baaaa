"""A network that was trained elsewhere: an encoder and a decoder as files or functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from zpoints.pipeline.errors import NetworkError
from zpoints.pipeline.network.checked import check_coder
from zpoints.pipeline.network.elsewhere.onnx import onnx_function
from zpoints.pipeline.network.elsewhere.program import program_function
from zpoints.pipeline.network.stored import ElsewhereArchitecture, Part
from zpoints.pipeline.parts.code import is_code_name, load_code, require_source, source_digest
from zpoints.storage.errors import StoreError

SUFFIXES = {".pt2": "program", ".onnx": "onnx"}
FORMS = "a program of torch.export.save (.pt2), an ONNX file or a function (package.module:name)"
LARGEST = 8 * 2**30
"""Bytes of a file that is stored."""


@dataclass(frozen=True)
class Brought:
    """One part that the user names.

    Attributes
    ----------
    part
        Its description for the store.
    data
        Content of the file; of a function, its name and hash as text.
    """

    part: Part
    data: bytes


def bring(named: str, setting: str) -> Brought:
    """Read an encoder or decoder that the user names; a file only once until it changes.

    Parameters
    ----------
    named
        Path of a ``.pt2`` or ``.onnx`` file, or ``package.module:function``.
    setting
        The setting that names it, for messages.

    Raises
    ------
    NetworkError
        If it is none of these, or the file cannot be read.
    """
    kind: Any = SUFFIXES.get(PurePath(named).suffix.lower())
    if kind is None and is_code_name(named):
        digest = source_digest(named)
        part = Part(kind="function", name=named, sha256=digest)
        return Brought(part, f"{named} {digest}".encode())
    if kind is None:
        raise NetworkError(
            f"{setting}: {named} is of no known kind; expected {FORMS}. Files of torch.save are "
            "not read, since they are pickles: export the network with torch.export.save."
        )
    path = Path(named).expanduser()
    try:
        status = path.stat()
        if status.st_size > LARGEST:
            raise NetworkError(
                f"{setting}: {named} has {status.st_size:,} bytes; expected at most {LARGEST:,}. "
                "Name a function instead (package.module:name)."
            )
        data = _content(path, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise NetworkError(
            f"{setting}: {named} cannot be read ({error.strerror}). Expected {FORMS}; give its "
            "path from the folder where zpoints runs."
        ) from error
    if not data:
        raise NetworkError(f"{setting}: {named} is empty; expected {FORMS}.")
    return Brought(Part(kind=kind, name=path.name, sha256=sha256(data).hexdigest()), data)


@lru_cache(maxsize=2)
def _content(path: Path, modified: int, size: int) -> bytes:
    return path.read_bytes()


class ElsewhereNetwork(nn.Module):
    """Encoder and decoder behind the interface of the built-in network; in float32.

    Attributes
    ----------
    architecture
        What they are.
    device
        Where they run.
    """

    def __init__(
        self, architecture: ElsewhereArchitecture, data: Mapping[str, bytes], device: torch.device
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.device = device
        self._functions = {
            name: _function(part, data[name], device) for name, part in architecture.parts.items()
        }

    def encode(self, x: Tensor) -> Tensor:
        """Latents (B, Z) of images ``x`` (B, C, S, S) in [0, 1]."""
        return self._functions["encode"](x.contiguous())

    def decode(self, z: Tensor) -> Tensor:
        """Images (B, C, S, S) of latents ``z`` (B, Z), cut to [0, 1]."""
        return self._functions["decode"](z).clamp(0, 1)

    def check(self) -> None:
        """Check both parts on one batch.

        Raises
        ------
        NetworkError
            If shapes, dtypes or values are not those that are documented.
        """
        names = {name: f"{name}.network ({p.name})" for name, p in self.architecture.parts.items()}
        check_coder(_Unclamped(self._functions), self.architecture, names, self.device)


class _Unclamped:
    """Both functions as they are, so that values outside [0, 1] are seen."""

    def __init__(self, functions: Mapping[str, Callable[[Tensor], Tensor]]) -> None:
        self.encode = functions["encode"]
        self.decode = functions["decode"]


def pack_parts(parts: Mapping[str, bytes]) -> bytes:
    """Both parts as one safetensors file with the tensors ``encode`` and ``decode`` of bytes."""
    tensors = {
        name: torch.from_numpy(np.frombuffer(data, dtype=np.uint8).copy())
        for name, data in parts.items()
    }
    return safetensors.torch.save(tensors)


def unpack_parts(data: bytes, architecture: ElsewhereArchitecture) -> dict[str, bytes]:
    """The parts that `pack_parts` packed.

    Raises
    ------
    StoreError
        If they do not have the stored hashes.
    """
    tensors = safetensors.torch.load(data)
    found = {name: tensors[name].numpy().tobytes() for name in architecture.parts}
    for name, part in architecture.parts.items():
        if part.kind != "function" and sha256(found[name]).hexdigest() != part.sha256:
            raise StoreError(
                f"The stored {name}r {part.name} does not have the SHA-256 that was recorded with "
                "it; the store is damaged. Open an older version (zpoints history ROOT)."
            )
    return found


def _function(part: Part, data: bytes, device: torch.device) -> Callable[[Tensor], Tensor]:
    if part.kind == "program":
        return program_function(data, part.name, device)
    if part.kind == "onnx":
        return _of_arrays(onnx_function(data, part.name, device), part.name)
    require_source(part.name, part.sha256)
    return _of_arrays(load_code(part.name), part.name)


def _of_arrays(function: Callable[[np.ndarray], Any], name: str) -> Callable[[Tensor], Tensor]:
    def apply(x: Tensor) -> Tensor:
        result = function(x.cpu().numpy())
        if not isinstance(result, np.ndarray):
            raise NetworkError(
                f"{name} returns a {type(result).__name__}; expected one NumPy array, float32."
            )
        return torch.from_numpy(np.ascontiguousarray(result)).to(x.device)

    return apply
