"""Face rate: the share of images in which a classical detector finds a face."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE, BORDER = 160, 40  # pixels: small images are enlarged, and get room around the face
WINDOW = (70, 70)  # smallest face looked for
SCALE, STEP = 1.1, 1.3  # growth of the window, and of its step


def find_faces(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """In which images the detector finds a face.

    The detector is scikit-image's cascade with the frontal-face model of local binary patterns that
    comes with the library. It has never seen an autoencoder, and judges structure, not sharpness.

    Parameters
    ----------
    images
        uint8 (sample, y, x, channel) with one or three channels, of any side.

    Returns
    -------
    numpy.ndarray
        bool (sample).

    References
    ----------
    Liao et al. (2007), Learning multi-scale block local binary patterns for face recognition.
    """
    return np.array([_has_face(image) for image in images], dtype=np.bool_)


def enlarged(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (y, x, channel) at 160 x 160 pixels with replicated borders of 40; RGB."""
    large = Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).resize(
        (SIDE, SIDE), Image.Resampling.BICUBIC
    )
    room = ((BORDER, BORDER), (BORDER, BORDER), (0, 0))
    return np.pad(np.asarray(large.convert("RGB")), room, mode="edge")


def _has_face(image: NDArray[np.uint8]) -> bool:
    pixels = enlarged(image)
    found = _detector().detect_multi_scale(
        img=pixels,
        scale_factor=SCALE,
        step_ratio=STEP,
        min_size=WINDOW,
        max_size=pixels.shape[:2],
    )
    return len(found) > 0


@lru_cache(maxsize=1)
def _detector() -> Any:
    """The cascade; its state does not change in use, so threads share it."""
    from skimage.data import lbp_frontal_face_cascade_filename  # not for runs that are up to date
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())
