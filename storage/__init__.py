"""The versioned, labelled store of images, latent vectors and their statistics."""

import lazy_loader

# The names of __init__.pyi, each loaded when first used: the errors alone do not need Icechunk.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
