"""The orientation of a photograph, by one rule whatever the format of its file."""

import re

from PIL import ExifTags, Image

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns an image upright, by the value of the EXIF tag Orientation; 1 is upright."""

XMP_ORIENTATION = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*([1-8])\s*[\"'<]")
"""The property as an attribute or as an element; XMP allows both."""


def upright(image: Image.Image, exif: bytes | None, xmp: bytes | None) -> Image.Image:
    """Turn an image as its metadata require.

    Parameters
    ----------
    image
        The image as its file stores it.
    exif
        EXIF block, with or without the prefix ``Exif``; None if there is none.
    xmp
        XMP packet in UTF-8; None if there is none. It counts where EXIF gives no orientation.

    Returns
    -------
    PIL.Image.Image
        The same image if it is upright, else a turned one.
    """
    turn = TURNS.get(orientation(exif, xmp))
    return image if turn is None else image.transpose(turn)


def orientation(exif: bytes | None, xmp: bytes | None) -> int:
    """Orientation from 1 to 8; 1, which is upright, if the metadata gives none.

    Damaged metadata give none: the pixels are unharmed, and viewers show them as they are.
    """
    return _in_exif(exif) or _in_xmp(xmp) or 1


def _in_exif(exif: bytes | None) -> int | None:
    if not exif:
        return None
    block = Image.Exif()
    try:
        block.load(exif)
        value = block.get(ExifTags.Base.Orientation)
    except Exception:  # Pillow raises errors of many kinds for malformed blocks
        return None
    return value if isinstance(value, int) and 1 <= value <= 8 else None


def _in_xmp(xmp: bytes | None) -> int | None:
    found = XMP_ORIENTATION.search(xmp) if xmp else None
    return int(found[1]) if found else None
