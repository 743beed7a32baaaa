"""Decodes, crops and resizes photographs."""

import io
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from hashlib import blake2b
from typing import Literal

import numpy as np
import simplejpeg
from PIL import Image, ImageOps, UnidentifiedImageError

from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest.files.photographs import PhotographFiles

Channels = Literal[1, 3]
JPEG, PNG = b"\xff\xd8", b"\x89PNG"
EXIF, START_OF_SCAN = b"Exif\0\0", b"\xff\xda"
WHITE = (255, 255, 255, 255)

# Files that Pillow warns about are either read or refused with a reason.
warnings.filterwarnings("ignore", module="PIL")


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
    PhotographError
        If the bytes are not a readable image, have more pixels than ``PIL.Image.MAX_IMAGE_PIXELS``
        or fewer than ``crop``; the message gives the reason and the remedy.

    Notes
    -----
    The first of several frames is used. Transparent pixels are put on white.
    """
    image = _open_image(data, "RGB" if channels == 3 else "L")
    shorter = min(image.size)
    square = shorter if crop is None else crop
    if square > shorter:
        raise PhotographError(
            f"{image.width} x {image.height} pixels is smaller than ingest.crop = {crop}; set "
            f"ingest.crop to at most {shorter}, or to null for the largest square"
        )
    left, top = (image.width - square) // 2, (image.height - square) // 2
    central = image.crop((left, top, left + square, top + square))
    resized = central.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.uint8).reshape(side, side, channels)


def _open_image(data: bytes, mode: str) -> Image.Image:
    """Decode any image file, upright, in the mode RGB or L."""
    if not data:
        raise PhotographError("the file is empty; fetch it again or remove it")
    try:
        image = _decoded(data)
        return image if image.mode == mode else _converted(image, mode)
    except Image.DecompressionBombError as error:
        raise PhotographError(f"{error}; scale the photograph down or remove it") from error
    except UnidentifiedImageError as error:
        raise PhotographError(
            f"not an image of a known format (it begins with {data[:12]!r}); fetch it again "
            "or remove it"
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # decoders raise errors of any kind for malformed files
        raise PhotographError(
            f"not a readable image ({error or type(error).__name__}); repair or remove the "
            "photograph"
        ) from error


def _converted(image: Image.Image, mode: str) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert(mode)
    opaque = Image.alpha_composite(Image.new("RGBA", image.size, WHITE), image.convert("RGBA"))
    return opaque.convert(mode)


def _decoded(data: bytes) -> Image.Image:
    """Decode ordinary JPEGs by simplejpeg, which is faster, and everything else by Pillow."""
    if data.startswith(JPEG):
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        _refuse_bomb(width, height)
        if colours in ("YCbCr", "Gray") and EXIF not in data[: data.find(START_OF_SCAN)]:
            return Image.fromarray(simplejpeg.decode_jpeg(data, colorspace="RGB"))
    elif data.startswith(PNG):  # size from the header; Pillow would only warn
        _refuse_bomb(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
        with Image.open(io.BytesIO(data)) as image:
            image.verify()  # checksums, which decoding ignores
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
    """Scale images of 16 bits per pixel to 8; Pillow would clip them."""
    if image.mode == "F":
        raise ValueError("floating-point pixels; expected 8 or 16 bits per channel")
    if image.mode != "I" and not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image).astype(np.int32)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError("32-bit pixels; expected 8 or 16 bits per channel")
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def checksum(data: bytes) -> np.uint64:
    """The 8-byte BLAKE2b digest of a file's content, as a big-endian number."""
    return np.uint64(int.from_bytes(blake2b(data, digest_size=8).digest(), "big"))


def _reads(files: PhotographFiles, keys: Sequence[str]) -> Iterator[Callable[[], bytes]]:
    """For each photograph a function that returns its content; buckets are read ahead."""
    if files.at_once == 1:
        yield from (partial(files.read, key) for key in keys)
        return
    ahead: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(files.at_once) as pool:
        for key in keys:
            ahead.append(pool.submit(files.read, key))
            if len(ahead) == files.at_once:
                yield ahead.popleft().result
        while ahead:
            yield ahead.popleft().result


def read_block(
    files: PhotographFiles,
    keys: Sequence[str],
    *,
    crop: int | None,
    side: int,
    channels: Channels,
) -> dict[str, np.ndarray]:
    """Read and decode some photographs; unusable ones are reported in the result.

    Parameters
    ----------
    files
        Reads the photographs.
    keys
        What ``files.read`` takes, for each photograph.
    crop
        Side in pixels of the central square; None takes the largest one.
    side
        Side in pixels of the result.
    channels
        3 for colour (RGB), 1 for grey (ITU-R 601 luma).

    Returns
    -------
    dict
        ``image`` (image, y, x, channel) uint8, zeros if unusable; ``checksum`` (image) uint64 of
        the content, 0 if it could not be read; ``fault`` (image) text, empty or the reason.

    Raises
    ------
    SourceError
        If the whole source cannot be read.
    """
    images = np.zeros((len(keys), side, side, channels), dtype=np.uint8)
    checksums = np.zeros(len(keys), dtype=np.uint64)
    faults = [""] * len(keys)
    for i, read in enumerate(_reads(files, keys)):
        try:
            data = read()
            checksums[i] = checksum(data)
            images[i] = decode_photograph(data, crop=crop, side=side, channels=channels)
        except PhotographError as error:
            faults[i] = str(error)
    text = np.array(faults, dtype=np.dtypes.StringDType())
    return {"image": images, "checksum": checksums, "fault": text}
