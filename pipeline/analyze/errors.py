"""What can go wrong when statistics are taken."""

from zpoints.storage.errors import ZpointsError


class AnalyzeError(ZpointsError):
    """The vectors, or stored statistics of them, cannot be analysed."""


class EstimatorError(AnalyzeError, ValueError):
    """An estimator's parameters and vectors do not fit; a ValueError, as scikit-learn expects."""
