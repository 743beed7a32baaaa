"""JPEG files, decoded by simplejpeg whatever they hold."""

from functools import partial

import numpy as np
import simplejpeg
from PIL import Image

from zpoints.pipeline.ingest.decoding.jpeg_mending import mended
from zpoints.pipeline.ingest.decoding.jpeg_segments import SCAN, metadata, segments
from zpoints.pipeline.ingest.decoding.orientation import upright
from zpoints.pipeline.ingest.limits import refuse_pixels

SIGNATURE = b"\xff\xd8"
MOST_SCANS = 100
"""Progressive files have about ten; each scan goes over the whole image, however short it is."""


def decode_jpeg(data: bytes) -> Image.Image:
    """Decode a JPEG file, upright, in the mode RGB or CMYK.

    Raises
    ------
    ValueError
        If pixels are lost, or the file has more than 100 scans.
    PhotographError
        If the image has too many pixels.
    """
    pixels = jpeg_pixels(data)
    image = Image.fromarray(pixels) if pixels.shape[-1] == 3 else _print_image(pixels)
    return upright(image, *metadata(data))


def jpeg_pixels(data: bytes) -> np.ndarray:
    """Decode a JPEG file as it is stored.

    A strict decoding refuses every warning of libjpeg. What it refuses is mended where that costs
    no pixel, and decoded again.

    Returns
    -------
    numpy.ndarray
        uint8 (y, x, channel), RGB, or CMYK as the file holds it.

    Raises
    ------
    ValueError, PhotographError
        As `decode_jpeg`.
    """
    height, width, colours, _ = simplejpeg.decode_jpeg_header(data, strict=False)
    refuse_pixels(width, height)
    if data.count(bytes((0xFF, SCAN))) > MOST_SCANS:  # counts those of previews, too
        _refuse_scans(data)
    decode = partial(
        simplejpeg.decode_jpeg, colorspace="CMYK" if colours in ("CMYK", "YCCK") else "RGB"
    )
    try:
        return decode(data, strict=True)
    except ValueError:
        return decode(mended(data, decode), strict=True)


def _print_image(pixels: np.ndarray) -> Image.Image:
    """The image of inverted CMYK, as Adobe writes it and every other program reads it."""
    height, width, _ = pixels.shape
    return Image.frombytes("CMYK", (width, height), np.bitwise_not(pixels).tobytes())


def _refuse_scans(data: bytes) -> None:
    scans = sum(segment.code == SCAN for segment in segments(data))
    if scans > MOST_SCANS:
        raise ValueError(f"{scans} scans are more than the limit of {MOST_SCANS}")
