"""A whole run of another kind: grey photographs, few components, an FID network and a sweep."""

import shutil
from pathlib import Path

import pytest
import torch

from tests.conftest import SilentConsole
from tests.shared import made_once
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override


class Inception(torch.nn.Module):
    """The interface of the network of the FID, with six features."""

    def forward(self, images: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        assert images.dtype == torch.uint8
        x = images.float() / 255
        return torch.cat([x.mean(dim=[2, 3]), x.std(dim=[2, 3])], dim=1)


@pytest.fixture(scope="session")
def inception(tmp_path_factory: pytest.TempPathFactory) -> str:
    """TorchScript file of a small network."""

    def make(folder: Path) -> None:
        torch.jit.script(Inception()).save(str(folder / "small.pt"))

    return str(made_once(tmp_path_factory, "inception", make) / "small.pt")


@pytest.fixture(scope="session")
def grey(
    small_config: RunConfig, inception: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RunConfig, str]:
    """The configuration of the run, and the root of its store, which the caller may change."""
    config = override(
        small_config,
        [
            "ingest.channels=1",
            "train.z_dim=30",
            "train.epochs=1",
            f"evaluate.inception={inception}",
            "sample.count=10",
            "sample.generators={g: {generator: gaussian}, ellipse: {generator: ellipse, K: 20}}",
            "sweep.enabled=true",
            "sweep.grid={law: [pairwise, uniform, normal], K: [20, null], fact: [0.5, 0.7]}",
            "sweep.images=4",
            "sweep.faces=true",
        ],
    )

    def make(folder: Path) -> None:
        run(config, str(folder / "store"), console=SilentConsole(), title="t")

    made = made_once(tmp_path_factory, "grey", make) / "store"
    return config, shutil.copytree(made, str(tmp_path_factory.mktemp("grey") / "store"))
