"""Draw latent vectors inside the region that stored statistics describe."""

from pipeline.sample.draw import BLOCK, draw, draw_rows, generator, sample_attrs
from pipeline.sample.errors import SampleError
from pipeline.sample.generator import Generator, Sampler
from pipeline.sample.registry import GENERATORS, Parameters

__all__ = [
    "BLOCK",
    "GENERATORS",
    "Generator",
    "Parameters",
    "SampleError",
    "Sampler",
    "draw",
    "draw_rows",
    "generator",
    "sample_attrs",
]
