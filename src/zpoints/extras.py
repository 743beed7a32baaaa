"""The extras of the package: which optional libraries each has, and what to do without them."""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from itertools import chain

from zpoints.storage.errors import ZpointsError

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "analyze": (
        *("contourpy", "dask_ml", "llvmlite", "numba", "pyarrow", "scipy", "sklearn"),
        "threadpoolctl",
    ),
    "train": ("safetensors", "simplejpeg", "skimage", "torch", "zuko"),
    "cluster": ("apscheduler", "bokeh", "cryptography", "dask_jobqueue", "distributed"),
    "report": ("matplotlib",),
    "explore": ("bokeh", "datashader", "holoviews", "panel"),
}
"""Names under which the libraries of each extra are imported."""
RUN = ("train", "cluster", "report")
"""Extras that a run needs; each includes "analyze"."""


class MissingExtraError(ZpointsError, ImportError):
    """A part of zpoints is used whose libraries are not installed."""


def require(*extras: str) -> None:
    """Refuse to go on without the libraries of some extras; folders and commands call this.

    Parameters
    ----------
    *extras
        Names of extras, of `EXTRAS`.

    Raises
    ------
    MissingExtraError
        If a library of them is not installed; the message has the command that installs all.
    """
    if missing := [extra for extra in extras if missing_from(extra)]:
        raise missing_extra(*missing)


def missing_extra(*extras: str) -> MissingExtraError:
    """The error about extras that are not, or not completely, installed."""
    missing = list(dict.fromkeys(chain.from_iterable(map(missing_from, extras))))
    names = ", ".join(map(repr, extras[:-1])) + " and " * (len(extras) > 1) + repr(extras[-1])
    return MissingExtraError(
        f"This needs the extra{'s' * (len(extras) > 1)} {names}: {installation(*extras)}; 'all' "
        f"instead has every extra. Not installed here: {', '.join(missing)}.",
        name=next(iter(missing), None),
    )


def installation(*extras: str) -> str:
    """The command that installs extras, and where it works; zpoints is on no package index.

    Examples
    --------
    >>> installation("train", "report")
    "pip install '.[train,report]' in a clone of zpoints"
    """
    return f"pip install '.[{','.join(extras)}]' in a clone of zpoints"


def extra_of(error: ModuleNotFoundError) -> str | None:
    """The extra that has the library which could not be imported; None if no extra has it."""
    library = (error.name or "").partition(".")[0]
    return next((extra for extra, libraries in EXTRAS.items() if library in libraries), None)


def missing_from(extra: str) -> list[str]:
    """The libraries of an extra that are not installed.

    Parameters
    ----------
    extra
        Name of the extra, one of `EXTRAS`.
    """
    return [name for name in EXTRAS[extra] if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    return sys.modules.get(name) is not None or find_spec(name) is not None
