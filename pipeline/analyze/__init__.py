"""Describe latent vectors statistically: mergeable states, exact counts, principal components."""

from pipeline.analyze.config import AnalyzeConfig
from pipeline.analyze.ellipses import Ellipse, confidence_ellipse, coverage, ellipse_points
from pipeline.analyze.errors import AnalyzeError
from pipeline.analyze.graph import analyze, describe, summarize
from pipeline.analyze.peaks import dominant_components
from pipeline.analyze.radii import uniform_radius
from pipeline.analyze.state import State

__all__ = [
    "AnalyzeConfig",
    "AnalyzeError",
    "Ellipse",
    "State",
    "analyze",
    "confidence_ellipse",
    "coverage",
    "describe",
    "dominant_components",
    "ellipse_points",
    "summarize",
    "uniform_radius",
]
