"""What can go wrong between a run and its workers."""

from zpoints.storage.errors import ZpointsError


class ClusterError(ZpointsError):
    """There is no cluster, or it was lost."""


class SecurityError(ClusterError):
    """A connection to a cluster would not be safe."""


def cause_of(error: BaseException) -> str:
    """The innermost reason of an error: Dask's outer ones say that something failed to start."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
