"""Drawing of latent vectors inside the region that stored statistics describe."""

import lazy_loader

# Names of __init__.pyi, each loaded when first used: a light module here must not load Numba.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
