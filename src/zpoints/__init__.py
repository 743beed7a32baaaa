"""Latent statistics and constrained generation for plain autoencoders, on Dask.

`open` a store or `open_arrays` of your own, and ask: `query`, `draw`, `decode`, `neighbours`. The
functions of `pl` draw figures of either.
"""

from importlib.metadata import version
from typing import Any

import lazy_loader

from zpoints.storage.errors import unknown_name

__version__ = version("zpoints")

# The names of __init__.pyi, each loaded when first used.
_handed_on, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name in __all__:
        return _handed_on(name)
    raise unknown_name(f"module {__name__!r}", name, __all__)
