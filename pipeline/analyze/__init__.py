"""Describe latent vectors statistically: mergeable states, exact counts, principal components."""

import lazy_loader

# The names of __init__.pyi, each loaded when first used: the settings alone do not need Numba.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
