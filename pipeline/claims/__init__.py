"""Claims and questions of the source of the method, on a user's own latent vectors."""

import lazy_loader

from zpoints.extras import require

require("analyze")

# The names of __init__.pyi, each loaded when first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
