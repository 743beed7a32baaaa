"""Drawing of latent vectors inside the region that stored statistics describe."""

from zpoints.pipeline.parts.generator import Generator, Sampler
from zpoints.pipeline.sample.draw import BLOCK, draw, draw_rows, generator, sample_attrs
from zpoints.pipeline.sample.registry import GENERATORS, Parameters

__all__ = [
    "BLOCK",
    "GENERATORS",
    "Generator",
    "Parameters",
    "Sampler",
    "draw",
    "draw_rows",
    "generator",
    "sample_attrs",
]
