"""FID: Frechet distance of Inception features, computed where the user has the weights."""

from functools import lru_cache
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.errors import EvaluateError
from zpoints.pipeline.evaluate.estimate import Estimate
from zpoints.pipeline.evaluate.inputs import Comparison
from zpoints.pipeline.evaluate.measures.frechet import frechet
from zpoints.pipeline.network.device import single_torch_thread
from zpoints.pipeline.progress import counted
from zpoints.storage.backend.local_path import local_path

BATCH = 32  # images per forward pass
EXPECTED = (
    "expected a TorchScript file of the Inception network that takes uint8 images (image, 3, y, x) "
    "and return_features=True and returns features (image, feature), such as "
    "inception-2015-12-05.pt of NVIDIA's StyleGAN repositories"
)


def measure_set(comparison: Comparison) -> dict[str, Estimate]:
    """`fid`: Frechet distance between the Inception features of photographs and judged images."""
    path = comparison.config.inception
    assert path is not None  # the table of measures states that `fid` needs this setting
    features = [inception_features(path, images) for images in comparison.images()]
    with single_threaded_blas():
        return {"fid": frechet(*features)}


def inception_digest(path: str | None) -> str | None:
    """SHA-256 of the network's file, for the fingerprint; None without a file.

    Raises
    ------
    EvaluateError
        If the file cannot be read.
    """
    if path is None:
        return None
    digest = sha256()
    try:
        with local_path(path).open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
    except OSError as error:
        raise EvaluateError(
            f"evaluate.inception = {path} cannot be read ({error.strerror}): {EXPECTED}."
        ) from error
    return digest.hexdigest()


def inception_features(path: str, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Features of images; the network resizes the images itself.

    Parameters
    ----------
    path
        The TorchScript file; see `EXPECTED`.
    images
        uint8 (sample, y, x, channel); grey images are repeated to three channels.

    Returns
    -------
    numpy.ndarray
        float32 (sample, feature).

    Raises
    ------
    EvaluateError
        If the file does not hold such a network.
    """
    network = _network(path)
    parts = []
    with torch.inference_mode(), single_torch_thread():
        for start in range(0, len(images), BATCH):
            batch = images[start : start + BATCH]
            rgb = np.broadcast_to(batch, (*batch.shape[:3], 3)).transpose(0, 3, 1, 2)
            parts.append(_features(network, path, torch.from_numpy(np.ascontiguousarray(rgb))))
    return np.concatenate(parts)


@lru_cache(maxsize=1)
def _network(path: str) -> Any:
    try:
        return torch.jit.load(str(local_path(path)), map_location="cpu").eval()
    except (RuntimeError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise EvaluateError(
            f"evaluate.inception = {path} is not a TorchScript file ({reason}): {EXPECTED}."
        ) from error


def _features(network: Any, path: str, batch: torch.Tensor) -> NDArray[np.float32]:
    try:
        features = network(batch, return_features=True)
    except RuntimeError as error:
        raise EvaluateError(
            f"evaluate.inception = {path} could not process the images "
            f"({str(error).splitlines()[0]}): {EXPECTED}."
        ) from error
    is_tensor = isinstance(features, torch.Tensor)
    if not is_tensor or features.ndim != 2 or len(features) != len(batch):
        returned = tuple(features.shape) if is_tensor else type(features).__name__
        raise EvaluateError(
            f"evaluate.inception = {path} returned {returned} for {counted(len(batch), 'image')}: "
            f"{EXPECTED}."
        )
    return features.float().numpy()
