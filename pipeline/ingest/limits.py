"""The largest that is read: bytes of a file, pixels of a photograph, columns of a table."""

from PIL import Image

from zpoints.pipeline.errors import PhotographError

MOST_BYTES = 1 << 29
"""Largest file: as many pixels as Pillow allows, with three channels of 16 bits, uncompressed."""
MOST_COLUMNS = 10_000
"""Columns of a table of labels; each label becomes an array of the store, which takes 30 ms."""


def refuse_columns(count: int) -> None:
    """Raise `ValueError` if a table has too many columns, before they are looked at one by one."""
    if count > MOST_COLUMNS:
        raise ValueError(
            f"{count:,} columns are more than the limit of {MOST_COLUMNS:,}; leave out those that "
            "hold no labels"
        )


def refuse_bytes(size: int) -> None:
    """Raise `PhotographError` if a file of this size, in bytes, is too large to be read."""
    if size > MOST_BYTES:
        raise PhotographError(
            f"{size:,} bytes is more than the limit of {MOST_BYTES:,} for a photograph; scale it "
            "down or remove it"
        )


def check_size(size: int, limit: int) -> None:
    """Raise OSError if a file of this size, in bytes, is too large to be read whole."""
    if size > limit:
        raise OSError(f"its {size:,} bytes are more than {limit:,}")


def refuse_pixels(width: int, height: int) -> None:
    """Raise `PhotographError` if an image has more pixels than ``PIL.Image.MAX_IMAGE_PIXELS``."""
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and width * height > limit:
        raise PhotographError(
            f"{width} x {height} pixels is more than the limit of {limit:,} (Pillow's); scale the "
            "photograph down or remove it"
        )
