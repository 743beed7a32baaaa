"""FID: Frechet distance of Inception features, where the user has the network's weights."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from zpoints.pipeline.errors import EvaluateError
from zpoints.pipeline.network.device import single_torch_thread
from zpoints.pipeline.progress import counted

BATCH = 32
FORM = (
    "expected a TorchScript file of the Inception network that takes uint8 images (image, 3, y, x) "
    "and return_features=True and returns features (image, feature), such as "
    "inception-2015-12-05.pt of NVIDIA's StyleGAN repositories"
)


def inception_digest(path: str | None) -> str | None:
    """SHA-256 of the file, which decides the FID; None without one.

    Raises
    ------
    EvaluateError
        If it cannot be read.
    """
    if path is None:
        return None
    digest = sha256()
    try:
        with Path(path).expanduser().open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
    except OSError as error:
        raise EvaluateError(
            f"evaluate.inception = {path} cannot be read ({error.strerror}): {FORM}."
        ) from error
    return digest.hexdigest()


def inception_features(path: str, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the network makes of images; it resizes them itself.

    Parameters
    ----------
    path
        The file; see `FORM`.
    images
        uint8 (sample, y, x, channel); grey ones are given three equal channels.

    Returns
    -------
    numpy.ndarray
        float32 (sample, feature).

    Raises
    ------
    EvaluateError
        If the file is no such network.
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
        return torch.jit.load(str(Path(path).expanduser()), map_location="cpu").eval()
    except (RuntimeError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise EvaluateError(
            f"evaluate.inception = {path} is no TorchScript file ({reason}): {FORM}."
        ) from error


def _features(network: Any, path: str, batch: torch.Tensor) -> NDArray[np.float32]:
    try:
        features = network(batch, return_features=True)
    except RuntimeError as error:
        raise EvaluateError(
            f"evaluate.inception = {path} cannot be called as needed "
            f"({str(error).splitlines()[0]}): {FORM}."
        ) from error
    is_tensor = isinstance(features, torch.Tensor)
    if not is_tensor or features.ndim != 2 or len(features) != len(batch):
        came = tuple(features.shape) if is_tensor else type(features).__name__
        raise EvaluateError(
            f"evaluate.inception = {path} returned {came} for {counted(len(batch), 'image')}: "
            f"{FORM}."
        )
    return features.float().numpy()
