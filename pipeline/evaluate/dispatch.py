"""Calls the functions that the table of measures names.

A module of measures has `measure_images(batch)`, which returns the variables along `sample` of its
rows, or `measure_set(comparison)`, which returns an estimate for each of its rows.
"""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from zpoints.pipeline.errors import EvaluateError
from zpoints.pipeline.evaluate.estimate import Estimate, mean_estimate, share_estimate
from zpoints.pipeline.evaluate.inputs import Batch, Comparison
from zpoints.pipeline.evaluate.measure_table import all_measures
from zpoints.storage.schema.quality import Measure, PerImage

Measured = dict[str, float | list[float]]


def measure_images(batch: Batch, measures: Iterable[Measure]) -> dict[str, np.ndarray]:
    """Variables along `sample` of the measures that judge image by image."""
    found: dict[str, np.ndarray] = {}
    chosen = [(m.per_image, m.file) for m in measures if m.per_image]
    for file in dict.fromkeys(file for _, file in chosen):
        found |= _module(file).measure_images(batch)
    return {v.name: _checked(v, file, found.get(v.name), len(batch.z)) for v, file in chosen}


def average(samples: Mapping[str, np.ndarray], measures: Iterable[Measure]) -> Measured:
    """Means of variables along `sample`, and their standard errors."""
    found: Measured = {}
    for measure in measures:
        if measure.per_image:
            estimate = share_estimate if measure.per_image.dtype == "bool" else mean_estimate
            found |= with_error(measure.name, estimate(samples[measure.per_image.name]))
    return found


def set_files(measures: Iterable[Measure]) -> list[str]:
    """Files of the measures of a whole set, each once."""
    return list(dict.fromkeys(m.file for m in measures if not m.per_image))


def measure_set(file: str, comparison: Comparison) -> Measured:
    """Values and standard errors of the measures that a file computes of a whole set."""
    measured = _module(file).measure_set(comparison)
    if not file.startswith("."):
        measured = _of_package(file, measured)
    found: Measured = {}
    for name, value in measured.items():
        found |= with_error(name, value) if isinstance(value, Estimate) else {name: value}
    return found


def with_error(name: str, estimate: Estimate) -> Measured:
    """The two stored variables of an estimate."""
    return {name: estimate.value, f"{name}_error": estimate.error}


def _module(file: str) -> Any:
    return import_module(file, "zpoints.pipeline.evaluate.measures")


def _of_package(file: str, measured: Any) -> dict[str, Estimate]:
    """The estimates of an installed package's rows.

    Raises
    ------
    EvaluateError
        If `measure_set` returned something else.
    """
    names = [m.name for m in all_measures() if m.file == file and not m.per_image]
    given = measured if isinstance(measured, dict) else {}
    found = {name: given[name] for name in names if isinstance(given.get(name), Estimate)}
    if len(found) < len(names):
        raise EvaluateError(
            f"measure_set of {file} returned {measured!r}; expected an Estimate for each of "
            f"{', '.join(names)}. Repair or remove its package."
        )
    return found


def _checked(variable: PerImage, file: str, values: Any, images: int) -> np.ndarray:
    """Values per image as they are stored.

    Raises
    ------
    EvaluateError
        If the measure of an installed package returned something else.
    """
    if np.shape(values) != (images,):
        raise EvaluateError(
            f"measure_images of {file} returned {variable.name} of the shape {np.shape(values)}; "
            f"expected ({images},), a value for each image. Repair or remove its package."
        )
    return np.asarray(values, dtype=variable.dtype)
