"""The table of measures: zpoints' own rows, then those of installed packages."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import xarray as xr

from zpoints.pipeline.evaluate.config import AUTO, FACE, NONE, EvaluateConfig
from zpoints.pipeline.parts import installed
from zpoints.storage.schema.quality import MEASURES, Measure
from zpoints.storage.schema.registry import VARIABLES

TAKEN = frozenset(
    name.removesuffix("_error") for name in (*VARIABLES["quality"], *VARIABLES["sweep"])
)
OWN_MEASURES = [*(measure.name for measure in MEASURES), 2]
"""Decides, with the number of their revision, whether stored values are those of this zpoints."""
PER_IMAGE_DTYPES = ("bool", "float32")


@cache
def all_measures() -> tuple[Measure, ...]:
    """The measures in the order of the report's columns."""
    return (*MEASURES, *(part.value for part in _installed()))


def measured_by(config: EvaluateConfig, *, images: bool) -> tuple[Measure, ...]:
    """The measures that can be made: those that need a missing setting are left out.

    Parameters
    ----------
    config
        The section `evaluate`.
    images
        Whether vectors decode to images; else measures of vectors alone are made.
    """
    allowed = (m for m in all_measures() if images or m.of_vectors)
    return tuple(m for m in allowed if not m.needs or getattr(config, m.needs) not in (None, NONE))


def detector_of(measured: Mapping[str, xr.Dataset], otherwise: str = FACE) -> str:
    """What found faces in measured images: `face`, `none` or the name of the user's function.

    Parameters
    ----------
    measured
        The groups `quality/<name>` by name.
    otherwise
        Returned if no group tells.
    """
    known = (quality.attrs.get("detector") for quality in measured.values())
    return next((str(name) for name in known if name not in (None, AUTO)), otherwise)


def face_rates(measured: Mapping[str, xr.Dataset]) -> dict[str, float]:
    """Share of images with a face, of those groups `quality/<name>` that have it, by name."""
    return {
        name: float(quality["face_rate"])
        for name, quality in measured.items()
        if "face_rate" in quality
    }


def measure_packages() -> dict[str, str]:
    """Package and version of each measure that is not zpoints' own, by its name."""
    return {part.name: part.package for part in _installed()}


@cache
def _installed() -> tuple[installed.Part, ...]:
    return installed.installed_parts(installed.MEASURES, _accepted, taken=TAKEN)


def _accepted(name: str, value: Any) -> Measure:
    if not isinstance(value, Measure):
        raise TypeError(f"expected a zpoints.storage.schema.quality.Measure, got {value!r}")
    if value.name != name:
        raise TypeError(f"expected a measure of that name, got one of the name {value.name!r}")
    if value.needs or value.swept:
        raise TypeError("expected needs and swept to be unset: they are for zpoints' own measures")
    per_image = value.per_image
    if per_image and (per_image.dtype not in PER_IMAGE_DTYPES or per_image.name in TAKEN | {name}):
        raise TypeError(
            f"expected a variable per image of dtype {' or '.join(PER_IMAGE_DTYPES)} with a name "
            f"of its own, got {per_image.name} of dtype {per_image.dtype}"
        )
    return replace(value, reading=value.reading.replace("{", "{{").replace("}", "}}"))
