"""Describe latent vectors statistically: mergeable states, exact counts, principal components."""

import lazy_loader

# Names of __init__.pyi, each loaded on first use: reading settings must not load Numba.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
