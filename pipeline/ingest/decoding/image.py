"""Image files of the formats that are read, recognised by their content."""

import io
import warnings

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin, UnidentifiedImageError

from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest.decoding import jpeg, png
from zpoints.pipeline.ingest.decoding.orientation import upright
from zpoints.pipeline.ingest.limits import refuse_pixels

FORMATS = ("WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "TGA")
"""Pillow's names of the formats besides JPEG and PNG. Pillow knows thirty others; one of them,
PostScript, it would pass to another program."""
NAMES = "JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF, PNM, JPEG 2000 and TGA"
WHITE = (255, 255, 255, 255)
JPEG_TABLES = 347
STRIPS, TILES = (273, 279), (324, 325)
"""Tags of TIFF: positions and lengths in bytes."""

# Files that Pillow warns about are either read or refused with a reason.
warnings.filterwarnings("ignore", module="PIL")


def open_image(data: bytes, mode: str) -> Image.Image:
    """Decode an image file, upright.

    Parameters
    ----------
    data
        Content of the file.
    mode
        Mode of the result, RGB or L.

    Raises
    ------
    PhotographError
        If the file holds no image of a format that is read, has lost pixels, or is too large; the
        message gives the reason and the remedy.

    Notes
    -----
    The first of several frames is used. Transparent pixels are put on white.
    """
    if not data:
        raise PhotographError("the file is empty; fetch it again or remove it")
    try:
        image = _decoded(data)
        return image if image.mode == mode else _converted(image, mode)
    except Image.DecompressionBombError as error:
        raise PhotographError(f"{error}; scale the photograph down or remove it") from error
    except UnidentifiedImageError as error:
        raise PhotographError(
            f"not an image of a known format (it begins with {data[:12]!r}); fetch it again, "
            f"convert it or remove it (known are {NAMES})"
        ) from error
    except (MemoryError, PhotographError):
        raise
    except Exception as error:  # decoders raise errors of any kind for malformed files
        raise PhotographError(
            f"not a readable image ({error or type(error).__name__}); repair or remove the "
            "photograph"
        ) from error


def _decoded(data: bytes) -> Image.Image:
    if data.startswith(jpeg.SIGNATURE):
        return jpeg.decode_jpeg(data)
    if data.startswith(png.SIGNATURE):
        pixels, exif, xmp = png.split_png(data)
        with Image.open(io.BytesIO(pixels), formats=("PNG",)) as image:
            return upright(_eight_bits(image.copy()), exif, xmp)
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        refuse_pixels(*image.size)
        exif, xmp = image.info.get("exif"), _bytes(image.info.get("xmp"))
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            _refuse_lost_pixels(image, data)
            if image.getexif().get(ExifTags.Base.Orientation) in range(1, 9):
                exif = xmp = None  # Pillow turns this format by itself
        return upright(_eight_bits(image.copy()), exif, xmp)


def _refuse_lost_pixels(image: TiffImagePlugin.TiffImageFile, data: bytes) -> None:
    """Raise ValueError if JPEG data in a TIFF file are damaged, which Pillow ignores."""
    if image.info.get("compression") != "jpeg":
        return
    tables = bytes(image.tag_v2.get(JPEG_TABLES, b""))
    for positions, lengths in (STRIPS, TILES):
        parts = zip(image.tag_v2.get(positions, ()), image.tag_v2.get(lengths, ()), strict=True)
        for position, length in parts:
            part = data[position : position + length]
            # The tables are a JPEG file of their own; its end mark gives way to the part.
            jpeg.check_jpeg(tables[:-2] + part[2:] if tables else part)


def _bytes(value: object) -> bytes | None:
    """A value that is text or bytes, depending on the type of a tag, as bytes."""
    if isinstance(value, str):
        return value.encode(errors="replace")
    return value if isinstance(value, bytes) else None


def _converted(image: Image.Image, mode: str) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert(mode)
    opaque = Image.alpha_composite(Image.new("RGBA", image.size, WHITE), image.convert("RGBA"))
    return opaque.convert(mode)


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
