"""The generators that the playground offers, and those that it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zpoints.pipeline.explore.generation.drawing import Setting, settings_of

SIDES = ("left", "right")
USUAL = {"left": ("ellipse (stored)", "ellipse"), "right": ("uniform (stored)", "uniform")}
"""Generators at first: the source's if none is recommended, and one that misses the region."""
PURPOSE = "best of both"


@dataclass(frozen=True)
class Offered:
    """What may be drawn from a space.

    Attributes
    ----------
    settings
        Generators by title.
    first
        The title that each side begins with.
    recommended
        The title of the generator that the measures of the store recommend; empty if none does.
    """

    settings: Mapping[str, Setting]
    first: Mapping[str, str]
    recommended: str


def offered_by(space: Any) -> Offered:
    """What a space offers; reads the attributes of all samples and their measures.

    Parameters
    ----------
    space
        What `zpoints.open` or `zpoints.open_arrays` returns.
    """
    settings = settings_of(space)
    recommended = _recommended(space, settings)
    first = {
        side: next((title for title in titles if title in settings), next(iter(settings)))
        for side, titles in USUAL.items()
    }
    if recommended:
        first["left"] = recommended
    return Offered(settings, first, recommended)


def _recommended(space: Any, settings: Mapping[str, Setting]) -> str:
    if not getattr(space, "quality_names", ()):
        return ""
    names = space.recommended(PURPOSE)["name"].tolist()
    return next((t for t in (f"{name} (stored)" for name in names) if t in settings), "")
