"""Latent statistics and constrained generation for plain autoencoders, on Dask."""

from importlib.metadata import version

__version__ = version("zpoints")
