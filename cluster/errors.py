"""Errors raised when a run cannot reach or use its Dask cluster."""

from zpoints.storage.errors import ZpointsError


class ClusterError(ZpointsError):
    """No cluster could be used, or it was lost during the run."""


class SecurityError(ClusterError):
    """The connection to a cluster would be unsafe."""


def root_cause(error: BaseException) -> str:
    """First line of the innermost error; Dask's outer errors only report a failed start."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
