"""Calls the functions of `measures/` that the table of measures names.

A file of `measures/` has `measure_images(batch)`, which returns the variables along `sample` of
its rows, or `measure_set(comparison)`, which returns an estimate for each of its rows.
"""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from zpoints.pipeline.evaluate.config import EvaluateConfig
from zpoints.pipeline.evaluate.estimate import Estimate, mean_estimate, share_estimate
from zpoints.pipeline.evaluate.inputs import Batch, Comparison
from zpoints.storage.schema.quality import MEASURES, Measure

Measured = dict[str, float | list[float]]


def measured_by(config: EvaluateConfig) -> tuple[Measure, ...]:
    """The measures that the settings allow: those that need a missing setting are left out."""
    return tuple(m for m in MEASURES if not m.needs or getattr(config, m.needs) is not None)


def measure_images(batch: Batch, measures: Iterable[Measure]) -> dict[str, np.ndarray]:
    """Variables along `sample` of the measures that judge image by image."""
    found: dict[str, np.ndarray] = {}
    names = {m.per_image.name: m.file for m in measures if m.per_image}
    for file in dict.fromkeys(names.values()):
        found |= _module(file).measure_images(batch)
    return {name: found[name] for name in names}


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
    found: Measured = {}
    for name, value in _module(file).measure_set(comparison).items():
        found |= with_error(name, value) if isinstance(value, Estimate) else {name: value}
    return found


def with_error(name: str, estimate: Estimate) -> Measured:
    """The two stored variables of an estimate."""
    return {name: estimate.value, f"{name}_error": estimate.error}


def _module(file: str) -> Any:
    return import_module(f"zpoints.pipeline.evaluate.measures.{file}")
