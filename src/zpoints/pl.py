"""The report's figures as functions of a store, of its datasets, or of arrays.

>>> import zpoints as zp
>>> dir(zp.pl)[:4]
['angles', 'answers', 'categories', 'claims']
>>> store = zp.open("runs/celeba")  # doctest: +SKIP
>>> zp.pl.pairs(store, (0, 1), color="Smiling")  # doctest: +SKIP

Each returns a Matplotlib figure that a notebook shows once, whether pyplot is loaded or not. A
function that takes `ax` draws there and returns it. Matplotlib is loaded with the first figure.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zpoints.pipeline.figures import *  # noqa: F403
else:
    from zpoints.pipeline.figures import __all__, __dir__, __getattr__  # noqa: F401
