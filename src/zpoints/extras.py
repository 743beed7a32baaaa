"""The extras of the package: which optional libraries each has, and what to do without them."""

import sys
from collections.abc import Mapping
from importlib.util import find_spec

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


class MissingExtraError(ZpointsError, ImportError):
    """A part of zpoints is used whose libraries are not installed."""


def require(extra: str) -> None:
    """Refuse to go on without the libraries of an extra; folders that use them call this.

    Parameters
    ----------
    extra
        Name of the extra, one of `EXTRAS`.

    Raises
    ------
    MissingExtraError
        If one of them is not installed; the message has the command that installs them.
    """
    if missing_from(extra):
        raise missing_extra(extra)


def missing_extra(extra: str) -> MissingExtraError:
    """The error about an extra that is not, or not completely, installed."""
    missing = missing_from(extra)
    return MissingExtraError(
        f"Not installed here: {', '.join(missing)}. This needs the extra {extra!r}: "
        f"{installation(extra)}; 'all' instead has every extra.",
        name=next(iter(missing), None),
    )


def installation(extra: str) -> str:
    """The command that installs an extra, and where it works; zpoints is on no package index.

    Examples
    --------
    >>> installation("report")
    "pip install '.[report]' in a clone of zpoints"
    """
    return f"pip install '.[{extra}]' in a clone of zpoints"


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
