"""Table of the labels beside the attributes: their values, and the scores of linear probes."""

import numpy as np
import xarray as xr

from zpoints.pipeline.figures.labels.statistics import moments_text
from zpoints.pipeline.figures.style import readable
from zpoints.pipeline.report.elements.table import Table

HEADER = ("label", "values", "vectors", "test vectors", "score of the probe", "without the vector")


def label_probes(statistics: xr.Dataset, structure: xr.Dataset) -> Table:
    """Each label: its categories, or mean and spread; the score of the probe and of a constant.

    Parameters
    ----------
    statistics, structure
        The groups; `structure` has probes of labels.
    """
    rows = [_class_row(statistics, structure, name) for name in _names(structure, "categorical")]
    rows += [_number_row(statistics, structure, name) for name in _names(structure, "numeric")]
    return Table(HEADER, tuple(rows), text_columns=2)


def _names(structure: xr.Dataset, dim: str) -> list[str]:
    return [str(name) for name in structure[dim].values] if dim in structure.coords else []


def _class_row(statistics: xr.Dataset, structure: xr.Dataset, name: str) -> tuple[str, ...]:
    found = structure.sel(categorical=name)
    counts = statistics["category_count"].values[statistics["category_label"].values == name]
    return (
        readable(name),
        f"{len(counts):,} classes",
        f"{counts.sum():,}",
        f"{int(found['class_tested']):,}",
        _score(float(found["class_balanced_accuracy"]), "balanced accuracy"),
        _score(float(found["class_majority"]), "most frequent class"),
    )


def _number_row(statistics: xr.Dataset, structure: xr.Dataset, name: str) -> tuple[str, ...]:
    found, values = structure.sel(numeric=name), statistics.sel(numeric=name)
    mean, spread = float(values["numeric_mean"]), float(values["numeric_std"])
    return (
        readable(name),
        moments_text(mean, spread, str(values["numeric_unit"].values)),
        f"{int(values['numeric_count']):,}",
        f"{int(found['numeric_tested']):,}",
        _score(float(found["numeric_r2"]), "R²"),
        "R² 0.00",
    )


def _score(value: float, kind: str) -> str:
    return f"{kind} {value:.2f}".replace("-", "−") if np.isfinite(value) else "–"
