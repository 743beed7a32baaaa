"""Describe latent vectors statistically: mergeable states, exact counts, principal components."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipeline.analyze.config import AnalyzeConfig
from pipeline.analyze.errors import AnalyzeError

__all__ = [
    "AnalyzeConfig",
    "AnalyzeError",
    "Ellipse",
    "MergeablePCA",
    "State",
    "analyze",
    "attribute_table",
    "confidence_ellipse",
    "coverage",
    "describe",
    "dominant_components",
    "ellipse_points",
    "selected",
    "summarize",
    "uniform_radius",
]

if TYPE_CHECKING:
    from pipeline.analyze.attributes import attribute_table
    from pipeline.analyze.ellipses import Ellipse, confidence_ellipse, coverage, ellipse_points
    from pipeline.analyze.estimator import MergeablePCA
    from pipeline.analyze.graph import analyze, describe, summarize
    from pipeline.analyze.peaks import dominant_components
    from pipeline.analyze.radii import uniform_radius
    from pipeline.analyze.selection import selected
    from pipeline.analyze.state import State
else:
    # Loaded when first asked for: whoever needs the settings alone does not wait for Numba.
    _HOMES = {
        "Ellipse": "ellipses",
        "confidence_ellipse": "ellipses",
        "coverage": "ellipses",
        "ellipse_points": "ellipses",
        "MergeablePCA": "estimator",
        "analyze": "graph",
        "attribute_table": "attributes",
        "describe": "graph",
        "summarize": "graph",
        "dominant_components": "peaks",
        "uniform_radius": "radii",
        "selected": "selection",
        "State": "state",
    }

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
