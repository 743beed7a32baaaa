"""The figure of merit: how well a generator agrees with photographs in what each measure sees."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from zpoints.pipeline.evaluate.config import REFERENCES
from zpoints.pipeline.evaluate.estimate import UNKNOWN, Estimate

COMPONENTS = (
    "precision",
    "recall",
    "density",
    "coverage",
    "variance_ratio",
    "pair_distance",
)
"""Measures whose agreements the merit averages."""
ORIGINALITY = "originality"
LEAST = 0.01
"""An agreement counts at least this much: a share of 0 in a finite set may be small instead."""
COPIES = 0.8
"""Originality relative to `real` below which a generator memorises."""
SOUND = 0.5
"""Merit from which a generator is neither collapsed nor far off."""

Row = Mapping[str, Any] | xr.Dataset
"""The measures of one row of the table, by name: a group `quality/<name>`, or numbers."""


def agreement(value: float, aim: float) -> float:
    """How well a value agrees with the one it should have: min(value / aim, aim / value).

    Parameters
    ----------
    value, aim
        Not negative.

    Returns
    -------
    float
        1: equal, 0: one of them is 0 and the other is not.

    Examples
    --------
    >>> agreement(0.3, 0.6), agreement(1.2, 0.6), agreement(0.0, 0.0)
    (0.5, 0.5, 1.0)
    """
    smaller, larger = sorted((value, aim))
    return smaller / larger if larger > 0 else 1.0


def merit(row: Row, real: Row) -> Estimate:
    """Geometric mean of the agreements with `real`, times the originality where that is lower.

    The measures are precision, recall, density, coverage, variance ratio and pair distance, each
    two-sided: a set that collapses onto one face, and noise, disagree in several of them. An
    agreement counts at least 0.01. A generator that copies training vectors agrees in all six, so
    the mean is multiplied by its originality over that of `real`, at most 1.

    Parameters
    ----------
    row, real
        The measures of the row, and of `real`.

    Returns
    -------
    Estimate
        1: as other photographs; NaN where a measure is missing or the sets differ in size. The
        error is propagated from those of the measures of both rows as if they were independent.
        They come from the same vectors, so it is approximate.
    """
    if _differ_in_size(row, real) or not all(
        _known(r, key) for r in (row, real) for key in COMPONENTS
    ):
        return UNKNOWN
    logs, variance = [], 0.0
    for key in COMPONENTS:
        found = agreement(_value(row, key), _value(real, key))
        logs.append(np.log(max(found, LEAST)))
        if found > LEAST:
            variance += _relative_variance(row, key) + _relative_variance(real, key)
    value, variance = float(np.exp(np.mean(logs))), variance / len(COMPONENTS) ** 2
    original = originality(row, real)
    if original < 1:
        value *= max(original, LEAST)
        variance += _relative_variance(row, ORIGINALITY) + _relative_variance(real, ORIGINALITY)
    return Estimate(value, value * float(np.sqrt(variance)))


def originality(row: Row, real: Row) -> float:
    """Originality of a row over that of `real`; NaN where it was not measured."""
    if not (_known(row, ORIGINALITY) and _known(real, ORIGINALITY)):
        return np.nan
    aim = _value(real, ORIGINALITY)
    return _value(row, ORIGINALITY) / aim if aim > 0 else np.nan


def memorises(row: Row, real: Row) -> bool:
    """Whether a generator's originality is below 0.8 of that of `real`, by over two errors."""
    found = originality(row, real)
    spread = found * np.sqrt(_relative_variance(row, ORIGINALITY)) if found > 0 else 0.0
    return bool(found + 2 * spread < COPIES)


def merits(rows: Mapping[str, Row]) -> dict[str, Estimate]:
    """The merit of each row, compared with the row `real`; NaN where there is none."""
    real = rows.get("real")
    return {name: UNKNOWN if real is None else merit(row, real) for name, row in rows.items()}


def by_merit(rows: Mapping[str, Row]) -> list[str]:
    """Names of the rows: the references first, then the largest merit; unknown merits last."""
    found = merits(rows)
    references = [name for name in REFERENCES if name in rows]
    others = [name for name in rows if name not in references]
    return references + sorted(others, key=lambda name: -np.nan_to_num(found[name].value, nan=-1.0))


def sound(rows: Mapping[str, Row]) -> frozenset[str]:
    """Names of the generators that neither memorise nor have a merit below 0.5."""
    return frozenset(
        name
        for name, found in merits(rows).items()
        if name not in REFERENCES
        and found.value >= SOUND
        and not memorises(rows[name], rows["real"])
    )


def _differ_in_size(row: Row, real: Row) -> bool:
    counts = [
        r.attrs.get("count") if isinstance(r, xr.Dataset) else r.get("count") for r in (row, real)
    ]
    return counts[0] != counts[1]


def _known(row: Row, key: str) -> bool:
    return key in row and bool(np.isfinite(_value(row, key)))


def _value(row: Row, key: str) -> float:
    return float(row[key])


def _relative_variance(row: Row, key: str) -> float:
    value, error = _value(row, key), f"{key}_error"
    known = value > 0 and _known(row, error)
    return (_value(row, error) / value) ** 2 if known else 0.0
