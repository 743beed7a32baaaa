"""Synthetic faces of known continuous factors, written as a CelebA tree."""

from zpoints.pipeline.synthesize.factors import Factors, draw_factors
from zpoints.pipeline.synthesize.render.scene import render
from zpoints.pipeline.synthesize.tree import Synthesis, synthesize

__all__ = ["Factors", "Synthesis", "draw_factors", "render", "synthesize"]
