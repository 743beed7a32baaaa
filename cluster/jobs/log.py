"""What a job prints, kept in the store's root in pieces."""

import os
from pathlib import Path

from zpoints.cluster.jobs.record import FOLDER
from zpoints.storage.backend.blobs import Blobs

PIECE = 65536
"""Bytes of every piece but the last, which is written again while it grows."""
CONTEXT = 8192
"""Bytes before a piece that are read with it: a secret may begin in one and end in the next."""
SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Environment variables whose values never reach a log."""


class JobLog:
    """The log of one job.

    Parameters
    ----------
    root
        Where the store lies.
    id_
        The job.

    Attributes
    ----------
    kept
        How many bytes this process has kept.
    """

    def __init__(self, root: str, id_: str) -> None:
        self._blobs = Blobs(root)
        self._folder = f"{FOLDER}/{id_}/log"
        self.saved = 0

    def save(self, output: Path) -> None:
        """Keep the lines that a file has gained since the last call, secrets blotted out."""
        start = self.saved - self.saved % PIECE
        before = min(start, CONTEXT)
        with output.open("rb") as file:
            file.seek(start - before)
            lines = file.read()
        text = _blotted(lines[: lines.rfind(b"\n") + 1])[before:]
        if start + len(text) <= self.saved:
            return
        for offset in range(0, len(text), PIECE):
            self._blobs.put(self._name(start + offset), text[offset : offset + PIECE])
        self.saved = start + len(text)

    def read(self, start: int = 0) -> bytes:
        """The log from a byte on."""
        parts = []
        piece = start - start % PIECE
        while content := self._blobs.get(self._name(piece)):
            parts.append(content[max(0, start - piece) :])
            piece += PIECE
        return b"".join(parts)

    def _name(self, start: int) -> str:
        return f"{self._folder}/{start // PIECE:06d}"


def unsaved_output(output: Path, start: int) -> bytes | None:
    """What a file has from a byte on, secrets blotted out; None if it cannot be read here.

    After a kill this is what the process printed in its last seconds, after a failure to start all
    that it printed.
    """
    try:
        return _blotted(output.read_bytes())[start:]
    except OSError:
        return None


def _blotted(text: bytes) -> bytes:
    for name in SECRETS:
        if secret := os.environ.get(name, "").encode():
            text = text.replace(secret, b"*" * len(secret))
    return text
