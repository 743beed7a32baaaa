"""Figures as functions of datasets, in a notebook `zpoints.pl`; they know nothing of captions.

Each returns a Matplotlib figure that a notebook shows once, whether pyplot is loaded or not. One
that is a single panel takes `ax` and then draws there. The report draws with the same functions.
"""

import lazy_loader

# The names of __init__.pyi, each loaded when first used: Matplotlib takes its time.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
