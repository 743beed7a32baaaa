"""Synthetic faces from known continuous factors, written as a CelebA tree."""

from pipeline.synthesize.factors import Factors, SynthesisError, draw_factors
from pipeline.synthesize.scene import render
from pipeline.synthesize.tree import Synthesis, synthesize

__all__ = ["Factors", "Synthesis", "SynthesisError", "draw_factors", "render", "synthesize"]
