"""The autoencoder and its training."""

import numpy as np
import pytest
import torch
from torch import Tensor

from zpoints.pipeline.errors import TrainingError
from zpoints.pipeline.network.architecture import Activation, Architecture, Autoencoder
from zpoints.pipeline.network.weights import restore_autoencoder
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.loop import refuse_collapse, train
from zpoints.pipeline.train.model_group import model_dataset
from zpoints.pipeline.train.state import Curves
from zpoints.storage.errors import StoreError

CPU = torch.device("cpu")


def blobs(count: int, *, side: int = 32, channels: int = 3, seed: int = 0) -> Tensor:
    """Smooth images with two factors: where a soft spot lies."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0.25, 0.75, (count, 2, 1, 1)) * side
    y, x = np.mgrid[:side, :side]
    spot = np.exp(-((x - centres[:, 0]) ** 2 + (y - centres[:, 1]) ** 2) / (0.02 * side**2))
    return torch.from_numpy((200 * spot[..., None] * np.ones(channels)).astype(np.uint8))


def parameters(architecture: Architecture) -> int:
    return sum(p.numel() for p in Autoencoder(architecture).parameters())


def convolution(inputs: int, outputs: int, kernel: int) -> int:
    return inputs * outputs * kernel**2 + outputs


def test_autoencoder__case_1_has_the_weights_of_its_layers() -> None:
    filters = [(3, 32), (32, 64), (64, 128), (128, 256)]
    back = [(256, 128), (128, 64), (64, 32), (32, 3)]
    dense = 4096 * 256 + 256 + 256 * 4096 + 4096
    expected = sum(convolution(i, o, 3) for i, o in filters + back) + dense

    assert parameters(Architecture(case=1, side=64, channels=3)) == expected


def test_autoencoder__case_2_has_the_weights_of_its_layers() -> None:
    filters = [(3, 64, 5), (64, 64, 5), (64, 128, 3), (128, 128, 3)]
    back = [(128, 128, 3), (128, 64, 3), (64, 64, 5), (64, 3, 5)]
    dense = 2048 * 256 + 256 + 256 * 2048 + 2048
    expected = sum(convolution(*layer) for layer in filters + back) + dense

    assert parameters(Architecture(case=2, side=64, channels=3)) == expected


@pytest.mark.parametrize("case", [1, 2])
@pytest.mark.parametrize(("side", "channels"), [(32, 1), (48, 3), (96, 3), (128, 1)])
@pytest.mark.parametrize("activation", ["leaky_relu", "relu", "selu"])
def test_autoencoder__keeps_the_shape_of_images(
    case: int, side: int, channels: int, activation: Activation
) -> None:
    model = Autoencoder(
        Architecture(
            case=case,  # type: ignore[arg-type]
            side=side,
            channels=channels,
            z_dim=8,
            activation=activation,
            batch_norm=True,
        )
    )
    x = torch.rand(2, channels, side, side)

    z = model.encode(x)
    images = model.decode(z)

    assert z.shape == (2, 8)
    assert images.shape == x.shape
    assert 0 <= images.min() <= images.max() <= 1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss": "bce"},
        {"schedule": "constant", "learning_rate": 1e-3},
        {"batch_norm": True, "activation": "selu", "case": 2},
        {"precision": "float32", "activation": "relu"},
    ],
)
def test_train__learns(settings: dict) -> None:
    config = TrainConfig(z_dim=8, epochs=5, batch=32, device="cpu", **settings)

    model, curves = train(blobs(384), blobs(64, seed=1), config)

    assert len(curves.loss) == len(curves.validation_loss) == len(curves.learning_rate) == 5
    assert curves.loss[-1] < 0.8 * curves.loss[0]
    assert np.isfinite(curves.validation_loss).all()
    assert not model.training


def test_train__same_seed_same_weights() -> None:
    config = TrainConfig(z_dim=4, epochs=1, batch=16, seed=3, device="cpu")
    first, _ = train(blobs(64), blobs(8), config)
    again, _ = train(blobs(64), blobs(8), config)
    other, _ = train(blobs(64), blobs(8), config.model_copy(update={"seed": 4}))

    assert torch.equal(first.to_latent.weight, again.to_latent.weight)
    assert not torch.equal(first.to_latent.weight, other.to_latent.weight)


def test_train__a_diverging_loss_ends_with_advice() -> None:
    config = TrainConfig(z_dim=4, epochs=2, batch=16, schedule="constant", device="cpu")
    overflowing = config.model_copy(update={"learning_rate": 1e30})  # beyond what is accepted

    with pytest.raises(TrainingError, match=r"Lower train\.learning_rate"):
        train(blobs(64), blobs(0), overflowing)


def test_refuse_collapse__a_loss_that_rises_and_stays_ends_with_advice() -> None:
    refuse_collapse(Curves(loss=[0.02, 0.004, 0.005]), TrainConfig())

    with pytest.raises(TrainingError, match=r"from 0\.004 to 0\.157 in epoch 3 .* Lower train"):
        refuse_collapse(Curves(loss=[0.02, 0.004, 0.157]), TrainConfig())


def test_train__without_validation_images_the_validation_loss_is_nan() -> None:
    _, curves = train(blobs(32), blobs(0), TrainConfig(z_dim=4, epochs=1, device="cpu"))

    assert np.isnan(curves.validation_loss[0])


def test_train__refuses_too_few_images() -> None:
    with pytest.raises(TrainingError, match="has 1 image;"):
        train(blobs(1), blobs(1), TrainConfig(epochs=1))


def test_train__reports_every_image_seen() -> None:
    seen = []
    train(
        blobs(70),
        blobs(0),
        TrainConfig(z_dim=4, epochs=2, batch=32, device="cpu"),
        on_step=lambda images, curves: seen.append(images),
    )

    assert seen[-1] == 2 * 64


def test_model_dataset__restores_the_same_network() -> None:
    model, curves = train(blobs(32), blobs(8), TrainConfig(z_dim=4, epochs=1, batch_norm=True))
    x = torch.rand(3, 3, 32, 32)

    dataset = model_dataset(model, curves)
    restored = restore_autoencoder(dataset, CPU)

    assert torch.equal(restored.encode(x), model.encode(x))
    assert dataset["loss"].values.tolist() == curves.loss


def test_restore_autoencoder__refuses_damaged_weights() -> None:
    model, curves = train(blobs(32), blobs(8), TrainConfig(z_dim=4, epochs=1))
    dataset = model_dataset(model, curves)
    damaged = dataset["weights"].values.copy()
    damaged[-1] ^= 1

    with pytest.raises(StoreError, match="SHA-256"):
        restore_autoencoder(dataset.assign(weights=("byte", damaged)), CPU)
