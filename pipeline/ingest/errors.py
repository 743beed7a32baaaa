"""What can go wrong when photographs are read."""

from zpoints.storage.errors import ZpointsError


class SourceError(ZpointsError):
    """The source of photographs cannot be read as it is."""


class PhotographError(ValueError):
    """One photograph cannot be used; the message is the reason, with the repair, to be stored."""
