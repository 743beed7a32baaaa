"""Whole runs with networks of the user: named, exported, or functions; slow but for the checks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.cluster.cli.commands import zpoints
from tests.conftest import SMALL, SilentConsole
from tests.pipeline.network.own_networks import NAME, Vae
from zpoints.cluster.run import RunResult, run
from zpoints.cluster.run_plan import dry_run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import ConfigError, NetworkError
from zpoints.pipeline.parts import code
from zpoints.storage import Store, open_store
from zpoints.storage.rows import Rows

Z_DIM = 16
OWN = [f"train.network={NAME}Vae", f"train.z_dim={Z_DIM}"]
ELSEWHERE = [f"train.z_dim={Z_DIM}"]
FEW = [
    "sample.generators={gaussian: {generator: gaussian}}",
    "sample.count=32",
    "evaluate.count=40",
]


def configured(faces: Path, *settings: str) -> RunConfig:
    return override(RunConfig(), [f"ingest.source={faces}", *SMALL, *FEW, *settings])


def made(config: RunConfig, root: Path, until: str) -> tuple[RunResult, list[str]]:
    console = SilentConsole()
    return run(config, str(root), console=console, title="own", until=until), console.lines


def computed(result: RunResult) -> list[str]:
    """Targets of the stages that did something."""
    return [outcome.target for outcome in result.outcomes if outcome.seconds is not None]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["train.network=faces/vae.py"], "expected package.module:Name"),
        (["train.network_options={width: 8}"], "train.network, which is not set"),
        (["encode.network=encoder.pt2"], "decode.network is not set"),
        (
            [*OWN, "encode.network=a.pt2", "decode.network=b.pt2"],
            "set either",
        ),
    ],
)
def test_config__refuses_networks_that_do_not_fit_together(
    settings: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        override(RunConfig(), settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ([f"train.network={NAME}Linear", "train.network_options={fault: tuple}"], "a tuple"),
        (["train.network=no_such_module:Vae"], "PYTHONPATH"),
        ([f"encode.network={NAME}encode_means", "decode.network=decoder.pt"], "no known kind"),
        ([f"encode.network={NAME}encode_means", "decode.network=none.pt2"], "cannot be read"),
        (
            [f"encode.network={NAME}encode_means", f"decode.network={NAME}decode_means"],
            r"returns shape \(2, 16\); expected \(2, 112\)\. Set train\.z_dim=16",
        ),
    ],
)
def test_dry_run__refuses_a_network_that_does_not_fit(
    settings: list[str], message: str, faces: Path, tmp_path: Path
) -> None:
    config = configured(faces, *settings)

    with pytest.raises(NetworkError, match=message):
        dry_run(config, str(tmp_path / "store"), console=SilentConsole(), title="own")


def test_submit__tries_a_network_once(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check takes the loss of two images; there is no sbatch, so no job starts."""
    counted = """
import tests.pipeline.network.own_networks as own

class Counted(own.Vae):
    def loss(self, images):
        if len(images) == 2:
            open("tried.txt", "a").write("tried ")
        return super().loss(images)
"""
    (tmp_path / "counted_network.py").write_text(counted)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = [f"ingest.source={faces}", *SMALL, *FEW, "train.network=counted_network:Counted"]
    options = [word for setting in settings for word in ("--set", setting)]

    shown = zpoints(
        *("submit", "celeba-case-1", "--root", "store", "--cluster", "slurm", *options),
        folder=tmp_path,
    )

    assert "sbatch" in shown.stderr
    assert (tmp_path / "tried.txt").read_text() == "tried "


@pytest.mark.slow
def test_run__trains_a_class_and_serves_it_by_name_only(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, config = tmp_path / "store", configured(faces, *OWN)

    result, _ = made(config, root, until="report")
    again, _ = made(config, root, until="report")

    store = open_store(root)
    images = store.decode(store.latents["z"][:4].values, network=f"{NAME}Vae")
    assert images.shape == (4, 32, 32, 3)
    assert computed(again) == []
    page = result.page.read_text()
    assert f"network {NAME}Vae" in page
    with pytest.raises(NetworkError, match="imports only if you name it too"):
        store.decode(np.zeros((1, Z_DIM)))

    digest = code.source_digest
    monkeypatch.setattr("zpoints.pipeline.train.state.source_digest", lambda name: "0" * 64)
    planned = dry_run(config, str(root), console=SilentConsole(), title="own", until="train")
    assert digest(f"{NAME}Vae") != "0" * 64
    assert [item.reason for item in planned] == ["", f"the source file of {NAME}Vae has changed"]


@dataclass(frozen=True)
class Pretrained:
    """A variational autoencoder that was trained elsewhere, and images that a store holds."""

    root: Path
    network: Vae
    images: torch.Tensor

    def settings(self, suffix: str) -> list[str]:
        """Names of its two files."""
        names = ("encode", "decode")
        return [f"{name}.network={self.root.parent / name}r.{suffix}" for name in names]


@pytest.fixture
def pretrained(faces: Path, tmp_path: Path) -> Pretrained:
    root = tmp_path / "store"
    made(configured(faces, *ELSEWHERE), root, until="ingest")
    store = open_store(root)
    pixels = Rows(store.root, store.version, "images", "pixels").read(0, 160)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    return Pretrained(root, trained(images), images)


PARTS = {"encode": torch.zeros(2, 3, 32, 32), "decode": torch.zeros(2, Z_DIM)}


@pytest.mark.slow
def test_run__describes_the_latents_of_an_exported_autoencoder(
    faces: Path, pretrained: Pretrained
) -> None:
    root, network, x = pretrained.root, pretrained.network, pretrained.images
    for name, example in PARTS.items():
        torch.export.save(exported(network, name, example), root.parent / f"{name}r.pt2")

    config = configured(faces, *ELSEWHERE, *pretrained.settings("pt2"))
    result, lines = made(config, root, until="report")

    assert "No training: encode.network and decode.network are stored" in "\n".join(lines)
    for path in root.parent.glob("*.pt2"):
        path.unlink()  # the store holds what it needs
    store = open_store(root)
    require_values(store, network, x)
    assert float(store.latents["reconstruction_error"].mean()) < float(x.var())
    assert set(store.quality_names) >= {"real", "reconstruction", "gaussian"}
    assert "model" in computed(result)
    page = result.page.read_text()
    assert "<h3>Reconstructions</h3>" in page
    assert "Loss curves" not in page


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_run__describes_the_latents_of_onnx_files(faces: Path, pretrained: Pretrained) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    for name, example in PARTS.items():
        program = exported(pretrained.network, name, example)
        path = pretrained.root.parent / f"{name}r.onnx"
        torch.onnx.export(program, f=path, external_data=False)

    config = configured(faces, *ELSEWHERE, *pretrained.settings("onnx"))
    made(config, pretrained.root, until="sample")

    for path in pretrained.root.parent.glob("*.onnx"):
        path.unlink()  # the store holds what it needs
    require_values(open_store(pretrained.root), pretrained.network, pretrained.images)


def require_values(store: Store, network: Vae, images: torch.Tensor) -> None:
    """Stored vectors, and images that the store decodes, are those of the network."""
    z = store.samples("gaussian")["z"].values
    with torch.no_grad():
        vectors = network.encode(images)
        expected = network.decode(torch.from_numpy(z)).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(store.latents["z"].values, vectors, atol=1e-4)
    assert np.abs(store.decode(z) / 255 - expected).max() < 0.01


@pytest.mark.slow
def test_run__encodes_with_functions_of_arrays(faces: Path, tmp_path: Path) -> None:
    names = [f"encode.network={NAME}encode_means", f"decode.network={NAME}decode_means"]
    config = configured(faces, *ELSEWHERE, *names)

    made(config, tmp_path / "store", until="sample")

    store = open_store(tmp_path / "store")
    red = store.images["pixels"].values[..., 0] / 255
    means = red.reshape(-1, 4, 8, 4, 8).mean(axis=(2, 4)).reshape(-1, 16)
    np.testing.assert_allclose(store.latents["z"].values, means, atol=1e-5)


class Part(torch.nn.Module):
    """One method of a network as a module, as `torch.export` takes it."""

    def __init__(self, network: Vae, method: str) -> None:
        super().__init__()
        self.network, self.method = network, method

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return getattr(self.network, self.method)(x)


def exported(network: Vae, method: str, example: torch.Tensor) -> torch.export.ExportedProgram:
    rows = ({0: torch.export.Dim("rows")},)
    return torch.export.export(Part(network, method), (example,), dynamic_shapes=(rows[0],))


def trained(images: torch.Tensor) -> Vae:
    """A variational autoencoder of another's making: 60 steps over all images."""
    torch.manual_seed(0)
    network = Vae(32, 3, Z_DIM)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        network.loss(images).backward()
        optimizer.step()
    return network.eval()
