"""Settings of the evaluation."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from zpoints.pipeline.parts.code import is_code_name
from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings

REFERENCES = ("real", "reconstruction")
"""Rows of the table besides the generators; reserved names that samples cannot have."""

AUTO, FACE, NONE = DETECTORS = ("auto", "face", "none")
"""Settings of `evaluate.detector` besides a function of the user's."""


def _detector(text: str) -> str:
    if text not in DETECTORS and not is_code_name(text):
        raise ValueError(
            f"invalid detector {text!r}; expected {', '.join(DETECTORS)} or package.module:function"
        )
    return text


class EvaluateConfig(Settings):
    """How the quality of generated images, reconstructions and photographs is measured."""

    count: int = Field(
        1000,
        ge=2,
        le=5_000,
        description="images judged per generator, and held-out photographs to compare them with; "
        "all of them if there are fewer",
    )
    seed: int = Field(
        0, ge=0, le=2**63 - 1, description="seed of the photographs, patches, directions and folds"
    )
    neighbours: int = Field(
        5, ge=1, le=100, description="k of precision, recall, density and coverage"
    )
    level: float = Field(
        3.0,
        gt=0,
        le=100,
        description="level of the pair ellipses of the measure violations, in standard deviations",
    )
    detector: Annotated[str, AfterValidator(_detector)] = Field(
        AUTO,
        description="what decides whether an image is a face: auto (face, or none where fewer than "
        "half of the held-out photographs have one), face (a classical detector), none, or "
        "package.module:function, which takes uint8 (image, y, x, channel) and returns bool "
        "(image)",
    )
    inception: Annotated[str | None, NOT_IN_FINGERPRINT] = Field(
        None,
        description="TorchScript file of the Inception network for the FID, called with uint8 "
        "(image, 3, y, x) and return_features=True; null: no FID",
    )
    device: Annotated[Literal["auto", "cpu", "cuda"], NOT_IN_FINGERPRINT] = Field(
        "auto", description="auto: CUDA if available"
    )
