"""Settings of the sampling."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from zpoints.pipeline.sample import Parameters
from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", text):
        raise ValueError(
            "expected a name of at most 64 letters, digits, _ and -, starting with a letter or "
            "digit"
        )
    return text


Name = Annotated[str, AfterValidator(_name)]
"""Name of a group under samples/ in the store."""


def _default_generators() -> dict[Name, Parameters]:
    defaults: dict[str, dict[str, Any]] = {
        "uniform": {"generator": "uniform", "b": 12},
        "uniform_narrow": {"generator": "uniform", "b": 1.5},
        "gaussian": {"generator": "gaussian"},
        "multivariate_normal": {"generator": "multivariate_normal"},
        "ellipse": {"generator": "ellipse", "law": "pairwise"},
        "ellipse_wide": {"generator": "ellipse", "law": "pairwise", "fact": 1.4},
        "ellipse_uniform": {"generator": "ellipse", "law": "uniform"},
        "ellipse_normal": {"generator": "ellipse", "law": "normal"},
        "ellipse_original": {"generator": "ellipse_original"},
        "ellipsoid": {"generator": "ellipsoid"},
        "elliptical": {"generator": "elliptical"},
        "gaussian_mixture": {"generator": "gaussian_mixture"},
        "radial_mixture": {"generator": "radial_mixture"},
        "radial_mixture_typical": {"generator": "radial_mixture", "radius": 0.35},
        "flow": {"generator": "flow"},
        "neighbours": {"generator": "neighbours"},
        "grid": {"generator": "grid"},
        "path": {"generator": "path"},
    }
    return TypeAdapter(dict[Name, Parameters]).validate_python(defaults)


class SampleConfig(Settings):
    """Which new vectors are drawn and decoded."""

    count: int = Field(
        1024, ge=1, description="samples per generator (grid and path: one per point)"
    )
    seed: int = Field(
        0, ge=0, le=2**63 - 1, description="sample i is a function of seed, name and i alone"
    )
    paired: bool = Field(
        False,
        description="true: the same random numbers for all names, so that samples of one number "
        "correspond; for comparing laws",
    )
    chunk: int = Field(
        512, ge=1, le=65536, description="samples per chunk of the store, best a multiple of 256"
    )
    device: Annotated[Literal["auto", "cpu", "cuda"], NOT_IN_FINGERPRINT] = Field(
        "auto", description="auto: CUDA if available"
    )
    generators: Annotated[dict[Name, Parameters], NOT_IN_FINGERPRINT] = Field(
        default_factory=_default_generators,
        description="name in the store (samples/NAME) to generator and its parameters",
    )
