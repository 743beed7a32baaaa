"""What finds faces in images: a classical detector, a function of the user's, or nothing."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.errors import EvaluateError
from zpoints.pipeline.evaluate.cascade import find_faces
from zpoints.pipeline.evaluate.config import AUTO, FACE, NONE
from zpoints.pipeline.parts.code import is_code_name, load_code, source_digest

JUDGED = 128
"""Held-out photographs that decide whether there are faces."""
LEAST = 0.5
"""Share of them with a face from which on a face rate is measured."""


def detect(detector: str, images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether a detector finds something in each image.

    Parameters
    ----------
    detector
        `face`, or `package.module:function` as the user named it, which is imported.
    images
        uint8 (sample, y, x, channel).

    Returns
    -------
    numpy.ndarray
        bool (sample).

    Raises
    ------
    NetworkError
        If the function cannot be imported.
    EvaluateError
        If it returns something else than a bool for each image.
    """
    if not is_code_name(detector):
        return find_faces(images)
    found: Any = np.asarray(load_code(detector)(images))
    if found.shape != (len(images),) or found.dtype != np.bool_:
        raise EvaluateError(
            f"evaluate.detector = {detector} returned {found.dtype} {found.shape} for images "
            f"{images.shape}; expected bool ({len(images)},), whether each image shows what it "
            "looks for. Repair the function."
        )
    return found


def check_detector(detector: str, side: int, channels: int) -> None:
    """Try the user's function on two grey images, if the configuration names one.

    Parameters
    ----------
    detector
        `auto`, `face`, `none` or the function as ``package.module:function``.
    side
        Height and width of the images in pixels.
    channels
        Number of channels, 1 or 3.

    Raises
    ------
    NetworkError, EvaluateError
        As `detect`.
    """
    if is_code_name(detector):
        detect(detector, np.full((2, side, side, channels), 128, np.uint8))


def detector_digest(detector: str) -> str | None:
    """Hash of the user's function for the fingerprint; None for other detectors."""
    return source_digest(detector) if is_code_name(detector) else None


def chosen_detector(detector: str, photographs: NDArray[np.uint8]) -> tuple[str, str]:
    """The detector that `auto` stands for, and a line about it; empty if there is none to report.

    Parameters
    ----------
    detector
        The setting.
    photographs
        uint8 (image, y, x, channel), held out of the training.

    Examples
    --------
    >>> chosen_detector("none", np.zeros((1, 32, 32, 1), np.uint8))
    ('none', '')
    """
    if detector != AUTO:
        return detector, ""
    faces = int(np.count_nonzero(find_faces(photographs)))
    if faces >= LEAST * len(photographs):
        return FACE, ""
    return NONE, (
        f"evaluate.detector = auto found a face in {faces:,} of {len(photographs):,} held-out "
        "photographs, fewer than half, so no face rate is measured; evaluate.detector=face "
        "measures it all the same."
    )
