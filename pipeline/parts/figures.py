"""Figures of installed packages."""

from collections.abc import Callable, Collection
from functools import cache
from typing import Any

from zpoints.pipeline.parts.installed import FIGURES, Part, installed_parts


@cache
def installed_figures(taken: Collection[str]) -> dict[str, Part]:
    """Functions that take a store and return a Matplotlib figure, by name.

    Parameters
    ----------
    taken
        Names of zpoints' own figures.
    """
    return {part.name: part for part in installed_parts(FIGURES, _accepted, taken=taken)}


def _accepted(name: str, value: Any) -> Callable[..., Any]:
    if not callable(value):
        raise TypeError(f"expected a function of a store that returns a figure, got {value!r}")
    return value
