"""Saves the output of a job in the root of the store, in pieces."""

import os
import stat
from pathlib import Path

from zpoints.cluster.jobs.record import FOLDER
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.buckets.bucket import SECRETS

PIECE = 65536
"""Size of a piece in bytes; the last one is shorter and is rewritten while it grows."""
CONTEXT = 8192
"""Bytes that are read before a piece, because a secret may span two pieces."""


class JobLog:
    """The log of one job.

    Parameters
    ----------
    root
        Root of the store.
    id_
        Id of the job.

    Attributes
    ----------
    saved
        Number of bytes that this process has saved.
    """

    def __init__(self, root: str, id_: str) -> None:
        self._blobs = Blobs(root)
        self._folder = f"{FOLDER}/{id_}/log"
        self.saved = 0

    def save(self, output: Path) -> None:
        """Save the lines added to a file since the last call, with secrets masked."""
        start = self.saved - self.saved % PIECE
        before = min(start, CONTEXT)
        with output.open("rb") as file:
            file.seek(start - before)
            lines = file.read()
        text = _masked(lines[: lines.rfind(b"\n") + 1])[before:]
        if start + len(text) <= self.saved:
            return
        for offset in range(0, len(text), PIECE):
            self._blobs.put(self._name(start + offset), text[offset : offset + PIECE])
        self.saved = start + len(text)

    def read(self, start: int = 0) -> bytes:
        """The log from byte ``start`` on."""
        parts = []
        piece = start - start % PIECE
        while content := (self._blobs.get(self._name(piece)) or b"")[:PIECE]:
            parts.append(content[max(0, start - piece) :])
            if len(content) < PIECE:  # only the last piece is shorter
                break
            piece += PIECE
        return b"".join(parts)

    def _name(self, start: int) -> str:
        return f"{self._folder}/{start // PIECE:06d}"


def unsaved_output(output: Path, start: int) -> bytes | None:
    """Output of a job from byte ``start`` on, with secrets masked; None if it cannot be read here.

    After a kill this is the output of the last seconds; after a failure to start, all of it. A link
    to another file is not read, nor a pipe, which might block.
    """
    try:
        with open(os.open(output, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
                return None
            return _masked(file.read())[start:]
    except OSError:
        return None


def _masked(text: bytes) -> bytes:
    for name in SECRETS:
        if secret := os.environ.get(name, "").encode():
            text = text.replace(secret, b"*" * len(secret))
    return text
