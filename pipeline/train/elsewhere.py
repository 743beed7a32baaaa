"""The stage train for a network that was trained elsewhere: its files are stored as the model."""

from functools import lru_cache

import torch

from zpoints.pipeline.network.checked import called, random_images
from zpoints.pipeline.network.elsewhere.network import Brought, ElsewhereNetwork, bring
from zpoints.pipeline.network.size import NetworkSize, measured_size
from zpoints.pipeline.network.stored import ElsewhereArchitecture
from zpoints.pipeline.network.weights import parts_dataset
from zpoints.pipeline.stage_run import StageRun
from zpoints.pipeline.train.config import ElsewhereConfig

GROUP = "model"
CPU = torch.device("cpu")


def store_network(run: StageRun[ElsewhereConfig]) -> int:
    """Store the encoder and the decoder as the group ``model``; returns their number.

    Files are stored with their content, functions by name and the hash of their source file.
    """
    config, brought = run.settings, brought_parts(run.settings)
    network = elsewhere_network(config)
    network.check()
    run.console.line(
        "No training: encode.network and decode.network are stored as the model, "
        + ", ".join(f"{part.part.name} ({len(part.data):,} bytes)" for part in brought.values())
        + "."
    )
    contents = {name: part.data for name, part in brought.items()}
    run.work.create(GROUP, parts_dataset(network.architecture, contents))
    return len(brought)


def brought_parts(config: ElsewhereConfig) -> dict[str, Brought]:
    """Encoder and decoder as the user names them.

    Raises
    ------
    NetworkError
        If one cannot be read.
    """
    named = {"encode": config.encode, "decode": config.decode}
    return {name: bring(text, f"{name}.network") for name, text in named.items()}


def part_digests(config: ElsewhereConfig) -> list[str]:
    """Hashes that stand for encoder and decoder; a function's name is part of it."""
    parts = [brought.part for brought in brought_parts(config).values()]
    return [f"{p.name} {p.sha256}" if p.kind == "function" else p.sha256 for p in parts]


def elsewhere_network(config: ElsewhereConfig) -> ElsewhereNetwork:
    """The network on the CPU, not checked yet."""
    brought = brought_parts(config)
    architecture = ElsewhereArchitecture(
        encode=brought["encode"].part,
        decode=brought["decode"].part,
        side=config.side,
        channels=config.channels,
        z_dim=config.z_dim,
    )
    contents = {name: part.data for name, part in brought.items()}
    return ElsewhereNetwork(architecture, contents, CPU)


def check_elsewhere(config: ElsewhereConfig) -> None:
    """Encode and decode one batch of random images.

    Raises
    ------
    NetworkError
        If a part cannot be read, or does not fit the settings.
    """
    elsewhere_network(config).check()


def network_width(config: ElsewhereConfig) -> int:
    """Components of the vectors that the encoder returns; `config.z_dim` does not matter.

    Raises
    ------
    NetworkError
        If the encoder cannot be read, or does not return a vector for each image.
    """
    network, name = elsewhere_network(config), f"encode.network ({config.encode})"
    x = random_images(network.architecture, CPU)
    with torch.no_grad():
        z = called(network.encode, x, name)
    if z.ndim != 2:
        network.check()  # refuses it, and names the remedy
    return int(z.shape[-1])


def elsewhere_size(config: ElsewhereConfig) -> NetworkSize:
    """Size of the network, measured on one batch as far as it can be seen."""
    return _measured(config, tuple(part_digests(config)))


@lru_cache(maxsize=2)
def _measured(config: ElsewhereConfig, digests: tuple[str, ...]) -> NetworkSize:
    data = sum(len(part.data) for part in brought_parts(config).values())
    return measured_size(elsewhere_network(config), data)
