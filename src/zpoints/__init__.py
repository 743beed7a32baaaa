"""Latent statistics and constrained generation for plain autoencoders, on Dask.

`open` a store or `open_arrays` of your own, and ask: `query`, `draw`, `decode`, `neighbours`. The
functions of `pl` draw figures of either.
"""

from importlib.metadata import version

import lazy_loader

__version__ = version("zpoints")

# The names of __init__.pyi, each loaded when first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
