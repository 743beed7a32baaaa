"""Latent statistics and constrained generation for plain autoencoders, on Dask."""

from importlib.metadata import version

import lazy_loader

# The names of __init__.pyi, each loaded when first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("zpoints")
