"""What can go wrong when latent vectors are drawn."""

from zpoints.storage.errors import ZpointsError


class SampleError(ZpointsError):
    """A generator cannot be fitted or drawn from as asked."""
