"""Numbers of a network's weights and of the values that its layers compute."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from zpoints.pipeline.network.architecture import CASES, HALVINGS, Architecture
from zpoints.pipeline.network.checked import random_images
from zpoints.pipeline.network.elsewhere.network import ElsewhereNetwork
from zpoints.pipeline.network.own import OwnNetwork
from zpoints.pipeline.network.stored import OwnArchitecture


def weight_count(a: Architecture) -> int:
    """Number of weights.

    Examples
    --------
    >>> weight_count(Architecture(case=1, side=64, channels=3))
    2878083
    """
    layers = CASES[a.case]
    encoder = (a.channels, *layers.encoder_filters)
    decoder = (layers.encoder_filters[-1], *layers.decoder_filters, a.channels)
    deepest = layers.encoder_filters[-1] * (a.side // 2**HALVINGS) ** 2
    count = 2 * deepest * a.z_dim + a.z_dim + deepest
    kernels = (layers.encoder_kernels, layers.decoder_kernels)
    for filters, sizes in zip((encoder, decoder), kernels, strict=True):
        for (inputs, outputs), kernel in zip(pairwise(filters), sizes, strict=True):
            count += inputs * outputs * kernel**2 + outputs
    if a.batch_norm:  # a factor and an offset for each filter but those of the image
        count += 2 * (sum(layers.encoder_filters) + sum(layers.decoder_filters))
    return count


def value_count(a: Architecture) -> int:
    """Number of values that the layers compute of one image, those computed in place once.

    Examples
    --------
    >>> value_count(Architecture(case=1, side=64, channels=3))
    135424
    """
    layers = CASES[a.case]
    inner = sum(
        filters * (a.side // 2**depth) ** 2
        for filters, depth in (
            *zip(layers.encoder_filters, (1, 2, 3, 4), strict=True),
            *zip(layers.decoder_filters, (3, 2, 1), strict=True),
        )
    )
    deepest = layers.encoder_filters[-1] * (a.side // 2**HALVINGS) ** 2
    return inner * (2 if a.batch_norm else 1) + a.z_dim + deepest + a.channels * a.side**2


@dataclass(frozen=True)
class NetworkSize:
    """What decides the memory of a network.

    Attributes
    ----------
    weights
        Number of its weights.
    values
        Number of the values that its layers compute of one image, encoded and decoded.
    image
        Number of the values of one image.
    """

    weights: int
    values: int
    image: int


def network_size(a: Architecture | OwnArchitecture) -> NetworkSize:
    """Size of a network: from the layers of the built-in one, measured on one batch of the user's.

    Raises
    ------
    NetworkError
        If the user's class cannot be imported, or makes no network.
    """
    if isinstance(a, OwnArchitecture):
        return _own_size(a.model_dump_json())
    return NetworkSize(weight_count(a), value_count(a), a.channels * a.side**2)


def measured_size(network: OwnNetwork | ElsewhereNetwork, data: int = 0) -> NetworkSize:
    """Size of a network as measured on one batch.

    What a function or an ONNX file computes is not seen: its values count as none.

    Parameters
    ----------
    network
        On the CPU.
    data
        Bytes of the files of a network from elsewhere, which stand for its weights.
    """
    a, counter = network.architecture, _ValueCounter()
    x = random_images(a, torch.device("cpu"))
    with torch.no_grad(), counter:
        network.decode(network.encode(x))
    weights = sum(tensor.numel() for tensor in network.state_dict().values()) or -(-data // 4)
    return NetworkSize(weights, counter.values // len(x), a.channels * a.side**2)


@lru_cache(maxsize=4)
def _own_size(architecture: str) -> NetworkSize:
    network = OwnNetwork(OwnArchitecture.model_validate_json(architecture))
    return measured_size(network.eval())


class _ValueCounter(TorchDispatchMode):
    """Counts the values of new tensors, those computed in place once."""

    def __init__(self) -> None:
        super().__init__()
        self.values = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not func.is_view and not func._schema.is_mutable:
            tensors = [t for t in tree_leaves(result) if isinstance(t, torch.Tensor)]
            self.values += sum(tensor.numel() for tensor in tensors)
        return result
