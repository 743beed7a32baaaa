"""Figures as functions of datasets, in a notebook `zpoints.pl`; they know nothing of captions.

Each returns a Matplotlib figure that a notebook shows once, whether pyplot is loaded or not. One
that is a single panel takes `ax` and then draws there. The report draws with the same functions,
and with those of installed packages, which are names of this module too.
"""

from typing import Any

import lazy_loader

from zpoints.extras import require
from zpoints.pipeline.parts.installed import FIGURES, offered
from zpoints.storage.errors import unknown_name

require("report")

# The names of __init__.pyi, each loaded when first used: Matplotlib takes its time.
_own, _own_names, __all__ = lazy_loader.attach_stub(__name__, __file__)
OWN = tuple(__all__)


def __getattr__(name: str) -> Any:
    if name in OWN:
        return _own(name)
    if name not in dict(offered(FIGURES)):
        raise _unknown(name)
    from zpoints.pipeline.parts.figures import installed_figures  # runs a package's code

    if (part := installed_figures(OWN).get(name)) is None:
        raise _unknown(name)
    return part.value


def _unknown(name: str) -> AttributeError:
    return unknown_name("module 'zpoints.pl'", name, __dir__())


def __dir__() -> list[str]:
    return sorted({*_own_names(), *(name for name, _ in offered(FIGURES))})
