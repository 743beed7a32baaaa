"""Whether the network reproduces photographs at all: what the banner and the answer share."""

from dataclasses import dataclass

import numpy as np

from zpoints.pipeline.evaluate.config import FACE
from zpoints.pipeline.evaluate.measure_table import detector_of
from zpoints.pipeline.report.data import ReportData

BLURRED = 0.5
"""Share of the variance of pixels below which reconstructions are blurs."""
LOST = 0.5
"""Rate of faces in reconstructions, relative to photographs, below which the network loses them."""
FOUND = 0.1
"""Rate of faces in photographs from which that is asked."""

LONGER = "Train longer (train.epochs) or with another train.learning_rate"
UNTRAINED = (
    "The network is no better than the mean image: its mean squared error on the {held_out} images "
    "is {error:.5f}, that of their mean {mean:.5f}."
)
TRAIN = f"What follows describes noise. {LONGER}, and look at the loss curves."
NO_DECODER = (
    "No: the network does not even reproduce the photographs that it encoded, so that measures of "
    "generators mean nothing yet."
)
FAINT = (
    "The network blurs its images: reconstructions keep {share:.0%} of the variance of the pixels "
    "of the {held_out} images. Expected at least {least:.0%}; the mean image keeps 0%."
)
MORE = f"What follows is measured on such images. {LONGER}, or on more images."
ONLY_BLURS = (
    "Not yet: reconstructions keep {share:.0%} of the variance of the pixels of the {held_out} "
    "images, so that the network decodes any vector to a blur, and measures of generators compare "
    "blurs."
)
LOSES = "The network loses the faces: {counts}."
ONLY_LOST = (
    "Not yet: {counts}, so that no vector can decode to more faces, and measures of generators "
    "mean little."
)
COUNTS = "{finds} in {real:.0%} of the photographs, but in {own:.0%} of their reconstructions"


@dataclass(frozen=True)
class Fault:
    """Why a network's images answer nothing.

    Attributes
    ----------
    notice, remedy
        What the banner reports, and what to do.
    answer
        The first sentence of the answer, instead of measures of generators.
    """

    notice: str
    remedy: str
    answer: str


def reproduction_fault(data: ReportData) -> Fault | None:
    """What is wrong with the reconstructions of photographs; None without a network too.

    Where faces are found in photographs, their rate in reconstructions decides, otherwise the share
    of the variance of pixels that reconstructions keep.

    Parameters
    ----------
    data
        What the report shows.
    """
    known = {
        "held_out": "stored" if data.held_out == "all" else data.held_out,
        "error": data.reconstruction_error,
        "mean": data.mean_image_error,
        "share": max(data.explained, 0.0),
        "least": BLURRED,
    }
    if not data.trained:
        return Fault(UNTRAINED.format(**known), TRAIN, NO_DECODER)
    real, own = (face_rate(data, name) for name in ("real", "reconstruction"))
    if real >= FOUND and np.isfinite(own):
        if own >= LOST * real:
            return None
        counts = COUNTS.format(finds=finds(data), real=real, own=own)
        return Fault(LOSES.format(counts=counts), MORE, ONLY_LOST.format(counts=counts))
    if data.explained < BLURRED:
        return Fault(FAINT.format(**known), MORE, ONLY_BLURS.format(**known))
    return None


def face_rate(data: ReportData, name: str) -> float:
    """Share of the images of a row of the quality with a face; NaN if it was not measured."""
    row = data.quality.get(name)
    return float(row["face_rate"]) if row is not None and "face_rate" in row else np.nan


def finds(data: ReportData) -> str:
    """What the rate counts: faces, or what the user's detector finds."""
    detector = detector_of(data.quality)
    return "a face is found" if detector == FACE else f"{detector} finds something"
