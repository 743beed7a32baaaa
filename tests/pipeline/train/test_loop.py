"""The training loop."""

import numpy as np
import pytest
import torch
from torch import Tensor

from zpoints.pipeline.errors import TrainingError
from zpoints.pipeline.network.weights import restore_autoencoder
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.loop import refuse_collapse, train
from zpoints.pipeline.train.model_group import model_dataset
from zpoints.pipeline.train.state import Curves

CPU = torch.device("cpu")


def blobs(count: int, *, side: int = 32, channels: int = 3, seed: int = 0) -> Tensor:
    """Smooth images with two factors: the position of a blurred spot."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0.25, 0.75, (count, 2, 1, 1)) * side
    y, x = np.mgrid[:side, :side]
    spot = np.exp(-((x - centres[:, 0]) ** 2 + (y - centres[:, 1]) ** 2) / (0.02 * side**2))
    return torch.from_numpy((200 * spot[..., None] * np.ones(channels)).astype(np.uint8))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss": "bce"},
        {"schedule": "constant", "learning_rate": 1e-3},
        pytest.param({"batch_norm": True, "activation": "selu", "case": 2}, marks=pytest.mark.slow),
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


def test_train__refuses_a_diverging_loss_with_advice() -> None:
    config = TrainConfig(z_dim=4, epochs=2, batch=16, schedule="constant", device="cpu")
    overflowing = config.model_copy(update={"learning_rate": 1e30})  # outside the setting's range

    with pytest.raises(TrainingError, match=r"Lower train\.learning_rate"):
        train(blobs(64), blobs(0), overflowing)


def test_refuse_collapse__refuses_a_risen_loss_with_advice() -> None:
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
