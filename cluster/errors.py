"""What can go wrong between a run and its workers."""

from storage.errors import ZpointsError


class ClusterError(ZpointsError):
    """There is no cluster, or it was lost."""


class SecurityError(ClusterError):
    """A connection to a cluster would not be safe."""
