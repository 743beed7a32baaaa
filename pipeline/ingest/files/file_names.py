"""Recognises photographs, and what a system left, by the names of files."""

import os

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".gif"),
    *(".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pnm", ".jp2", ".tga"),
)
FOREIGN = ("__MACOSX", "@eaDir")  # left by macOS and file servers


def is_photograph(name: str) -> bool:
    """Whether a file has a suffix of photographs."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def is_foreign(name: str) -> bool:
    """Whether a file or folder is hidden, or left by a system."""
    return name.startswith(".") or name in FOREIGN
