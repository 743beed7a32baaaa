"""JPEG files, decoded by simplejpeg whatever they hold."""

from collections.abc import Collection
from functools import partial

import numpy as np
import simplejpeg
from PIL import Image

from zpoints.pipeline.ingest.decoding.jpeg_frame import PROGRESSIVE
from zpoints.pipeline.ingest.decoding.jpeg_mending import mended
from zpoints.pipeline.ingest.decoding.jpeg_segments import APP1, SCAN, head, metadata, segments
from zpoints.pipeline.ingest.decoding.orientation import upright
from zpoints.pipeline.ingest.limits import refuse_pixels

SIGNATURE = b"\xff\xd8"
COMPONENTS = {"Gray": 1, "RGB": 3, "YCbCr": 3, "CMYK": 4, "YCCK": 4}
"""Components by colour space; a sequential scan of all of them is the only one."""
MOST_SCANS = 100
"""Progressive files have about ten; each scan goes over the whole image, however short it is."""


def decode_jpeg(data: bytes) -> Image.Image:
    """Decode a JPEG file, upright, in the mode RGB or CMYK.

    A strict decoding refuses every warning of libjpeg. What it refuses is mended where that costs
    no pixel, and decoded again.

    Raises
    ------
    ValueError
        If pixels are lost, or the file has more than 100 scans.
    PhotographError
        If the image has too many pixels.
    """
    codes, scan = head(data)
    pixels = _pixels(data, codes, scan)
    height, width, channels = pixels.shape
    if channels == 3:
        image = Image.frombytes("RGB", (width, height), pixels)  # faster than `fromarray`
    else:  # inverted, as Adobe writes it and every program reads it
        image = Image.frombytes("CMYK", (width, height), np.bitwise_not(pixels))
    return upright(image, *metadata(data)) if APP1 in codes else image


def check_jpeg(data: bytes) -> None:
    """Raise the errors of `decode_jpeg`."""
    _pixels(data, *head(data))


def _pixels(data: bytes, codes: Collection[int], scan: int) -> np.ndarray:
    """uint8 (y, x, channel): RGB, or CMYK as the file holds it."""
    height, width, colours, _ = simplejpeg.decode_jpeg_header(data, strict=False)
    refuse_pixels(width, height)
    components = COMPONENTS[colours]
    if not PROGRESSIVE.isdisjoint(codes) or data[scan + 4] != components:
        _refuse_scans(data)
    decode = partial(simplejpeg.decode_jpeg, colorspace="CMYK" if components == 4 else "RGB")
    try:
        return decode(data, strict=True)
    except ValueError:
        return decode(mended(data, decode), strict=True)


def _refuse_scans(data: bytes) -> None:
    if data.count(bytes((0xFF, SCAN))) <= MOST_SCANS:  # the search is faster than the walk
        return
    scans = sum(segment.code == SCAN for segment in segments(data))
    if scans > MOST_SCANS:
        raise ValueError(f"{scans} scans are more than the limit of {MOST_SCANS}")
