"""Errors raised by the stages, each with a message for the user."""

from zpoints.storage.errors import ZpointsError


class ConfigError(ZpointsError):
    """The configuration is not valid."""


class SourceError(ZpointsError):
    """The source of photographs or vectors is not one, or cannot be read."""


class UnreadableError(SourceError):
    """Some of a valid source cannot be read, or has changed; the work that needs it failed."""


class PhotographError(ValueError):
    """One photograph cannot be used; the store keeps the message as the reason of the quarantine.

    Not a `ZpointsError`: the ingest continues with the other photographs.
    """


class CapacityError(ZpointsError):
    """Work needs more memory, or more disk, than there is."""


class DeviceError(ZpointsError):
    """The configured device is missing or has too little memory."""


class TrainingError(ZpointsError):
    """The images or the settings do not allow a training."""


class AnalyzeError(ZpointsError):
    """The vectors, or their stored statistics, cannot be analysed."""


class EstimatorError(AnalyzeError, ValueError):
    """Parameters and vectors of an estimator do not fit; a ValueError, as scikit-learn expects."""


class SampleError(ZpointsError):
    """A generator cannot be fitted, or cannot draw what was asked for."""


class FewVectorsError(SampleError):
    """A generator needs more vectors than there are; a run leaves it out and goes on."""


class VectorError(ZpointsError, ValueError):
    """Vectors or images do not fit a latent space, or are not in it."""


class EvaluateError(ZpointsError):
    """The store, or a file that the user named, does not support an evaluation."""


class SynthesisError(ZpointsError):
    """The synthetic faces that were asked for cannot be drawn."""


class FigureError(ZpointsError, ValueError):
    """A figure cannot be drawn of what it was given."""


class ExploreError(ZpointsError, ValueError):
    """The explorer cannot show or serve what it was asked for."""


class NetworkError(ZpointsError):
    """A network that the user names cannot be found, does not fit, or is not the stored one."""
