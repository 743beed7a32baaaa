"""Kernels of the ingest: one photograph's bytes to one square of pixels."""

import io
import struct
from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal

import numpy as np
import simplejpeg
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.ingest.errors import SourceError
from pipeline.ingest.files import PhotographFiles

Channels = Literal[1, 3]
JPEG, PNG = b"\xff\xd8", b"\x89PNG"
EXIF, START_OF_SCAN = b"Exif\0\0", b"\xff\xda"
# The last two come from malformed EXIF tags.
UNREADABLE = (ValueError, UnidentifiedImageError, OSError, SyntaxError, TypeError, struct.error)


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
        If the bytes are no readable image, have more pixels than ``PIL.Image.MAX_IMAGE_PIXELS``, or
        fewer than ``crop`` asks for; the message names the repair.
    """
    image = _open_image(data)
    mode = "RGB" if channels == 3 else "L"
    if image.mode != mode:
        image = image.convert(mode)
    shorter = min(image.size)
    square = shorter if crop is None else crop
    if square > shorter:
        raise ValueError(
            f"{image.width} x {image.height} pixels is smaller than ingest.crop = {crop}; set "
            f"ingest.crop to at most {shorter}, or to null for the largest square"
        )
    left, top = (image.width - square) // 2, (image.height - square) // 2
    central = image.crop((left, top, left + square, top + square))
    resized = central.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.uint8).reshape(side, side, channels)


def _open_image(data: bytes) -> Image.Image:
    """Decode any image file, upright and in 8 bits per channel."""
    try:
        return _decoded(data)
    except Image.DecompressionBombError as error:
        raise ValueError(f"{error}; scale the photograph down or remove it") from error
    except UNREADABLE as error:
        raise ValueError(
            f"not a readable image ({error}); repair or remove the photograph"
        ) from error


def _decoded(data: bytes) -> Image.Image:
    """Ordinary JPEGs by the faster of two ways to the same pixels, everything else by Pillow."""
    if data.startswith(JPEG):
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        _refuse_bomb(width, height)
        if colours in ("YCbCr", "Gray") and EXIF not in data[: data.find(START_OF_SCAN)]:
            return Image.fromarray(simplejpeg.decode_jpeg(data, colorspace="RGB"))
    elif data.startswith(PNG):  # its header says the size; Pillow would only warn
        _refuse_bomb(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    with Image.open(io.BytesIO(data)) as image:
        _refuse_bomb(*image.size)
        return _eight_bits(ImageOps.exif_transpose(image))


def _refuse_bomb(width: int, height: int) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and width * height > limit:
        raise Image.DecompressionBombError(
            f"{width} x {height} pixels is more than the limit of {limit:,} (Pillow's)"
        )


def _eight_bits(image: Image.Image) -> Image.Image:
    """Images of 16 bits per pixel scaled to 8, where Pillow would clip them."""
    if image.mode == "F":
        raise ValueError("floating-point pixels; expected 8 or 16 bits per channel")
    if image.mode != "I" and not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image).astype(np.int32)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError("32-bit pixels; expected 8 or 16 bits per channel")
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


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
        data = files.read(name)
        try:
            images[i] = decode_photograph(data, crop=crop, side=side, channels=channels)
        except ValueError as error:
            raise SourceError(f"{name}: {error}.") from error
        checksums[i] = checksum(data)
    return {"image": images, "checksum": checksums}
