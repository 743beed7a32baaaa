"""Which samples answer: their order by merit, the recommended ones, the uniform ones."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np
import xarray as xr

from zpoints.pipeline.evaluate.merit import merits, sound
from zpoints.pipeline.evaluate.recommendation import BOTH, recommend

Qualities = Mapping[str, xr.Dataset]

ELLIPSE, UNIFORM = "ellipse", "uniform"


class Drawn(Protocol):
    """What is known of a group of samples."""

    @property
    def name(self) -> str: ...

    @property
    def attrs(self) -> Mapping[str, object]: ...


Samples = TypeVar("Samples", bound=Drawn)


def best_of_both(quality: Qualities) -> str | None:
    """Name of the recommended samples; None where no generator qualifies."""
    return next((one.name for one in recommend(quality) if one.purpose == BOTH), None)


def ordered(generated: Sequence[Samples], quality: Qualities) -> tuple[Samples, ...]:
    """The recommended samples first, then sound ones and others, each by merit; noise is last.

    Parameters
    ----------
    generated
        The samples; where no merit is known they keep their order.
    quality
        The groups `quality/<name>`, by name.
    """
    found, fit, best = merits(quality), sound(quality), best_of_both(quality)

    def place(one: Samples) -> tuple[bool, bool, float]:
        value = found[one.name].value if one.name in found else np.nan
        return one.name != best, one.name not in fit, -np.nan_to_num(value, nan=-1.0)

    return tuple(sorted(generated, key=place))


def chosen(generated: Sequence[Samples], quality: Qualities) -> Samples | None:
    """The samples that stand for all: those of the largest merit, else the first of `ellipse`.

    Parameters
    ----------
    generated
        The samples, as `ordered` returns them.
    quality
        The groups `quality/<name>`, by name.

    Returns
    -------
    Samples
        Never uniform ones; without a merit and an `ellipse` the last of the others, or None.
    """
    others = [one for one in generated if generator_of(one) != UNIFORM]
    if not others:
        return None
    found = merits(quality)
    if others[0].name in found and np.isfinite(found[others[0].name].value):
        return others[0]
    return next((one for one in others if generator_of(one) == ELLIPSE), others[-1])


def uniform(generated: Sequence[Samples]) -> Samples | None:
    """The first samples of the generator `uniform`, in the order of their names; None without."""
    found = [one for one in generated if generator_of(one) == UNIFORM]
    return min(found, key=lambda one: one.name, default=None)


def generator_of(one: Drawn) -> str:
    """Name of the generator that drew the samples."""
    return str(one.attrs.get("generator", one.name))
