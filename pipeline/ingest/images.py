"""Kernels of the ingest: one photograph's bytes to one square of pixels."""

import io
from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal

import numpy as np
import simplejpeg
from PIL import Image, UnidentifiedImageError

from pipeline.ingest.files import PhotographFiles
from pipeline.ingest.source import SourceError

Channels = Literal[1, 3]


def decode_photograph(
    data: bytes, *, crop: int | None, side: int, channels: Channels
) -> np.ndarray:
    """Decode a photograph, take its central square and resize it with antialiasing.

    Parameters
    ----------
    data
        Content of an image file.
    crop
        Side in pixels of the central square; None takes the largest one.
    side
        Side in pixels of the result.
    channels
        3 for colour (RGB), 1 for grey (ITU-R 601 luma).

    Returns
    -------
    numpy.ndarray
        uint8 (side, side, channels).

    Raises
    ------
    ValueError
        If the bytes are no readable image, or the image is smaller than ``crop``.
    """
    image = _open_image(data)
    mode = "RGB" if channels == 3 else "L"
    if image.mode != mode:
        image = image.convert(mode)
    square = min(image.size) if crop is None else crop
    if square > min(image.size):
        width, height = image.size
        raise ValueError(
            f"{width} x {height} pixels is smaller than ingest.crop = {crop}; set ingest.crop "
            "to at most the shorter side, or to null for the largest square"
        )
    left, top = (image.width - square) // 2, (image.height - square) // 2
    central = image.crop((left, top, left + square, top + square))
    resized = central.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.uint8).reshape(side, side, channels)


def _open_image(data: bytes) -> Image.Image:
    """Decode any image file; ordinary JPEGs by the faster of two ways to the same pixels."""
    try:
        if data.startswith(b"\xff\xd8"):
            _, _, colours, _ = simplejpeg.decode_jpeg_header(data)
            if colours in ("YCbCr", "Gray"):
                return Image.fromarray(simplejpeg.decode_jpeg(data, colorspace="RGB"))
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            return image
    except (
        ValueError,
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        Image.DecompressionBombError,
    ) as error:
        raise ValueError(f"not a readable image ({error})") from error


def checksum(data: bytes) -> np.uint64:
    """The first 8 bytes, big-endian, of the BLAKE2b digest of a file's content."""
    return np.uint64(int.from_bytes(blake2b(data, digest_size=8).digest(), "big"))


def read_block(
    files: PhotographFiles,
    names: Sequence[str],
    *,
    crop: int | None,
    side: int,
    channels: Channels,
) -> dict[str, np.ndarray]:
    """Read some photographs.

    Returns
    -------
    dict
        ``image`` uint8 (image, y, x, channel) and ``checksum`` uint64 (image).

    Raises
    ------
    SourceError
        If a photograph cannot be read; the message names it.
    """
    images = np.empty((len(names), side, side, channels), dtype=np.uint8)
    checksums = np.empty(len(names), dtype=np.uint64)
    for i, name in enumerate(names):
        try:
            data = files.read(name)
            images[i] = decode_photograph(data, crop=crop, side=side, channels=channels)
        except (ValueError, OSError) as error:
            raise SourceError(f"{name}: {error}. Repair or remove the photograph.") from error
        checksums[i] = checksum(data)
    return {"image": images, "checksum": checksums}
