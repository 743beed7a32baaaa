"""A classical detector of faces, whose model ships inside scikit-image."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE, BORDER = 160, 40  # pixels; images are enlarged, and padded to leave room around the face
WINDOW = (70, 70)  # pixels; smallest face that is searched for
SCALE, STEP = 1.1, 1.3  # growth of the search window, and of its step


def find_faces(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Detect faces.

    The detector is scikit-image's cascade with the frontal-face model of local binary patterns that
    the library ships. It is independent of the autoencoder and judges structure, not sharpness.

    Parameters
    ----------
    images
        uint8 (sample, y, x, channel) with one or three channels, of any side.

    Returns
    -------
    numpy.ndarray
        bool (sample): whether a face was found.

    References
    ----------
    Liao et al. (2007), Learning multi-scale block local binary patterns for face recognition.
    """
    return np.array([_has_face(image) for image in images], dtype=np.bool_)


def enlarged(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Resize an image (y, x, channel) to 160 x 160 RGB and pad it by 40 replicated pixels."""
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
    """The cascade; detection leaves its state unchanged, so threads share it."""
    from skimage.data import lbp_frontal_face_cascade_filename  # slow to import
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())
