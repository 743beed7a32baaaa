"""Photographs in a folder, and digests of texts."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar

from zpoints.pipeline.errors import PhotographError, UnreadableError
from zpoints.pipeline.ingest.limits import refuse_bytes


@dataclass(frozen=True)
class FolderFiles:
    """Photographs in a folder; a key is a path relative to it."""

    folder: Path
    at_once: ClassVar[int] = 1

    def read(self, key: str) -> bytes:
        try:
            with (self.folder / key).open("rb") as file:
                refuse_bytes(os.fstat(file.fileno()).st_size)
                return file.read()
        except PermissionError as error:
            raise PhotographError(
                "no permission to read the file; grant it, or remove the file"
            ) from error
        except OSError as error:
            raise UnreadableError(
                f"{self.folder / key} cannot be read ({error}). Expected the photograph that was "
                "listed there; check that the folder is complete and reachable, then run again."
            ) from error


def digest(parts: Iterable[str]) -> str:
    """Hexadecimal digest of 16 bytes of some texts, in order."""
    state = blake2b(digest_size=16)
    for part in parts:
        state.update(part.encode() + b"\0")
    return state.hexdigest()
