"""The largest photograph that is read: bytes of its file, pixels of its image."""

from PIL import Image

from zpoints.pipeline.errors import PhotographError

MOST_BYTES = 1 << 29
"""Largest file: as many pixels as Pillow allows, with three channels of 16 bits, uncompressed."""


def refuse_bytes(size: int) -> None:
    """Raise `PhotographError` if a file of this size, in bytes, is too large to be read."""
    if size > MOST_BYTES:
        raise PhotographError(
            f"{size:,} bytes is more than the limit of {MOST_BYTES:,} for a photograph; scale it "
            "down or remove it"
        )


def refuse_pixels(width: int, height: int) -> None:
    """Raise `PhotographError` if an image has more pixels than ``PIL.Image.MAX_IMAGE_PIXELS``."""
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and width * height > limit:
        raise PhotographError(
            f"{width} x {height} pixels is more than the limit of {limit:,} (Pillow's); scale the "
            "photograph down or remove it"
        )
