"""Reads, crops and resizes photographs."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from hashlib import blake2b
from typing import Literal

import numpy as np
from PIL import Image

from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest.decoding.image import open_image
from zpoints.pipeline.ingest.files.photograph_files import PhotographFiles
from zpoints.pipeline.ingest.limits import refuse_bytes

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
    PhotographError
        If the bytes are not an image of a format that is read or have lost pixels, if there are
        more bytes or pixels than `zpoints.pipeline.ingest.limits` allows, or fewer pixels than
        ``crop``; the message gives the reason and the remedy.

    Notes
    -----
    The first of several frames is used. Transparent pixels are put on white.
    """
    refuse_bytes(len(data))
    image = open_image(data, "RGB" if channels == 3 else "L")
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
        ``pixels`` (image, y, x, channel) uint8, zeros if unusable; ``checksum`` (image) uint64 of
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
    return {"pixels": images, "checksum": checksums, "fault": text}
