"""Labels of photographs: splits, attributes, queries."""

import lazy_loader

# The names of __init__.pyi, each loaded when first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
