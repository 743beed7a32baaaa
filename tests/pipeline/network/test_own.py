"""Networks of the user's own class: what is checked, stored and restored."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.pipeline.network.own_networks import NAME, Vae
from zpoints.pipeline.errors import NetworkError
from zpoints.pipeline.network.own import OwnNetwork, check_own
from zpoints.pipeline.network.size import network_size
from zpoints.pipeline.network.stored import OwnArchitecture
from zpoints.pipeline.network.weights import restore_network_of, weights_dataset
from zpoints.pipeline.parts.code import load_code, source_digest

CPU = torch.device("cpu")


def own(name: str = "Vae", **options) -> OwnArchitecture:
    return OwnArchitecture(
        network=NAME + name,
        options=options,
        source=source_digest(NAME + name),
        side=32,
        channels=3,
        z_dim=8,
    )


@pytest.mark.parametrize(("name", "loss"), [("Vae", "mse"), ("Linear", "mse"), ("Linear", "bce")])
def test_check_own__accepts_a_network_with_or_without_a_loss(name: str, loss: str) -> None:
    check_own(OwnNetwork(own(name)), loss, CPU)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("Linear", {"fault": "components"}, r"shape \(2, 7\); expected \(2, 8\).*train\.z_dim=7"),
        ("Linear", {"fault": "tuple"}, r"encode returns a tuple; expected one tensor"),
        ("Linear", {"fault": "dtype"}, r"encode returns float64; expected float32"),
        ("Linear", {"fault": "infinite"}, r"encode returns NaN or infinite values"),
        ("Linear", {"fault": "exception"}, r"encode fails on a batch of shape \(2, 3, 32, 32\)"),
        ("Linear", {"fault": "range"}, r"decode returns pixel values from .*; expected 0 to 1"),
        ("Linear", {"fault": "side"}, r"decode returns shape \(2, 3, 32, 31\)"),
        ("Linear", {"fault": "construction"}, r"fault='construction'\) fails: .*no such width"),
        ("Vae", {"depth": 3}, r"unexpected keyword argument 'depth'"),
        ("LossWithoutGradient", {}, r"loss returns .* without gradient; expected a scalar"),
        ("NoDecoder", {}, r"has no method decode"),
        ("encode_means", {}, r"is not a network; expected a class derived from torch\.nn\.Module"),
    ],
)
def test_check_own__reports_what_does_not_fit(name: str, options: dict, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        check_own(OwnNetwork(own(name, **options)), "mse", CPU)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:Vae", r"No module named 'no_such_module'\. .*PYTHONPATH"),
        (f"{NAME}Missing", r"has no attribute 'Missing'"),
        ("itertools:chain", r"no source file"),
    ],
)
def test_source_digest__names_the_remedy(name: str, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        source_digest(name)


def test_load_code__reports_a_module_that_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raises_on_import.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(NetworkError, match="its module raises ZeroDivisionError"):
        load_code("raises_on_import:Vae")


@pytest.mark.parametrize("name", ["Vae", "Linear"])
def test_restore_network_of__restores_every_weight(name: str) -> None:
    network = OwnNetwork(own(name)).eval()
    images = torch.rand(3, 3, 32, 32)

    restored = restore_network_of(weights_dataset(network), CPU)

    with torch.inference_mode():
        torch.testing.assert_close(restored.encode(images), network.encode(images))
        torch.testing.assert_close(
            restored.decode(torch.ones(2, 8)), network.decode(torch.ones(2, 8))
        )


def test_restore_network_of__refuses_a_class_whose_source_has_changed() -> None:
    dataset = weights_dataset(OwnNetwork(own()))
    dataset.attrs["architecture"] = dataset.attrs["architecture"] | {"source": "0" * 64}

    with pytest.raises(NetworkError, match=r"expected SHA-256 000000000000.*Restore that version"):
        restore_network_of(dataset, CPU)


def test_network_size__counts_weights_and_values_of_a_class() -> None:
    a, network = own(), Vae(32, 3, 8)
    layers = [16 * 16**2, 32 * 8**2, 16, 32 * 8**2, 16 * 16**2, 3 * 32**2]
    activations = [16 * 16**2, 32 * 8**2, 32 * 8**2, 16 * 16**2, 3 * 32**2]

    size = network_size(a)

    assert size.weights == sum(weight.numel() for weight in network.parameters())
    assert sum(layers + activations) <= size.values <= 1.1 * sum(layers + activations)
    assert size.image == np.prod((3, 32, 32))
