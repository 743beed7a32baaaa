"""What can go wrong in the evaluation through no fault of the code."""

from zpoints.storage.errors import ZpointsError


class EvaluateError(ZpointsError):
    """The store, or a file that the user named, does not support an evaluation."""
