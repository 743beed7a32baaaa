"""The loss with the term of the edges, and batches with mirrored images."""

import numpy as np
import pytest
import torch
from scipy.stats import binom
from torch import Tensor

from tests.pipeline.network.own_networks import NAME
from zpoints.pipeline.config.run import load_config
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.fingerprint import settings_for_fingerprint
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.loop import train
from zpoints.pipeline.train.loss import gradient_difference, losses_of
from zpoints.pipeline.train.state import TrainingState

CPU = torch.device("cpu")
SHAPE = (64, 32, 32, 3)


def noise(count: int, *, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, *SHAPE[1:]), dtype=torch.uint8, generator=generator)


def ramps(count: int, *, seed: int = 0) -> Tensor:
    """Images that are darker on the left, so that a mirrored one differs."""
    return (noise(count, seed=seed).float() * torch.linspace(0, 1, 32).view(1, 1, 32, 1)).byte()


def state(config: TrainConfig, *, epoch: int = 0) -> TrainingState:
    made = TrainingState(SHAPE, config, steps=4, device=CPU)
    made.epoch = epoch
    return made


def test_gradient_difference__equals_numpy() -> None:
    a, b = torch.rand(2, 5, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    x, y = a.double().numpy(), b.double().numpy()

    squares = [(np.diff(x, axis=axis) - np.diff(y, axis=axis)) ** 2 for axis in (2, 3)]

    assert gradient_difference(a, b).item() == pytest.approx(sum(s.mean() for s in squares))


@pytest.mark.parametrize(("p", "q"), [(0, 0), (0, 3), (5, 0), (2, 7)])
def test_gradient_difference__weighs_waves_by_their_wave_numbers(p: int, q: int) -> None:
    x = 2 * torch.pi * torch.arange(512).double() / 16
    wave = torch.cos(p * x + q * x[:, None])[None, None]

    ratio = gradient_difference(wave, torch.zeros_like(wave)) / wave.square().mean()

    expected = 4 * np.sin(np.pi * p / 16) ** 2 + 4 * np.sin(np.pi * q / 16) ** 2
    assert ratio.item() == pytest.approx(expected, rel=0.01, abs=1e-9)


def test_gradient_difference__weighs_a_chessboard_eightfold() -> None:
    board = (torch.arange(16)[:, None] + torch.arange(16)) % 2 * 2.0 - 1

    assert gradient_difference(board[None, None], torch.zeros(1, 1, 16, 16)).item() == 8


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss": "bce"},
        {"network": f"{NAME}Linear"},
        {"network": f"{NAME}Linear", "loss": "bce"},
    ],
)
def test_losses_of__adds_the_term_of_the_edges_and_reports_without_it(settings: dict) -> None:
    config = TrainConfig(z_dim=4, precision="float32", **settings)
    weighted = config.model_copy(update={"edges": 3.0})
    model, x = state(config).model, torch.rand(4, 3, 32, 32)
    with torch.no_grad():
        term = gradient_difference(model.decode(model.encode(x)), x).item()
        plain, plainly_reported = (value.item() for value in losses_of(model, config, CPU)(x))
        minimised, reported = (value.item() for value in losses_of(model, weighted, CPU)(x))

    assert plain == plainly_reported == reported
    assert minimised == pytest.approx(reported + 3 * term, rel=1e-5)


def test_train__reports_the_mean_squared_error_of_images_as_they_are() -> None:
    config = TrainConfig(
        z_dim=4, epochs=2, batch=16, edges=5, mirror=True, precision="float32", device="cpu"
    )
    validation = ramps(20, seed=1)

    model, curves = train(ramps(64), validation, config)

    x = validation.permute(0, 3, 1, 2).double().numpy() / 255
    with torch.no_grad():
        decoded = model.decode(model.encode(torch.from_numpy(x).float())).double().numpy()
    assert curves.validation_loss[-1] == pytest.approx(((decoded - x) ** 2).mean(), rel=1e-4)


def test_train__learns_gradients_that_edges_weigh() -> None:
    config = TrainConfig(
        z_dim=8, epochs=6, batch=16, precision="float32", learning_rate=2e-3, device="cpu"
    )
    bars = torch.zeros(128, 32, 32, 3, dtype=torch.uint8)
    for image, at in zip(bars, np.random.default_rng(0).integers(4, 26, 128), strict=True):
        image[:, at : at + 2] = 255
    x = bars.permute(0, 3, 1, 2).float() / 255

    def remaining(edges: float) -> float:
        model, _ = train(bars, bars[:0], config.model_copy(update={"edges": edges}))
        with torch.no_grad():
            return gradient_difference(model.decode(model.encode(x)), x).item()

    assert remaining(4.0) < remaining(0.0)


def test_train__a_loss_of_the_network_alone_counts_whatever_edges_is() -> None:
    config = TrainConfig(network=f"{NAME}Vae", z_dim=4, epochs=1, batch=8, device="cpu")

    (plain, _), (weighted, _) = (
        train(noise(16), noise(0), config.model_copy(update={"edges": edges}))
        for edges in (0.0, 5.0)
    )

    for a, b in zip(plain.parameters(), weighted.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_mirror__mirrors_about_half_of_the_images_left_right() -> None:
    images = noise(4096)

    mirrored = state(TrainConfig(z_dim=4, mirror=True)).mirror(images, 0)

    same = (mirrored == images).flatten(1).all(1)
    flipped = (mirrored == torch.from_numpy(images.numpy()[:, :, ::-1].copy())).flatten(1).all(1)
    assert (same ^ flipped).all()
    low, high = binom.interval(1 - 1e-6, len(images), 0.5)
    assert low <= flipped.sum() <= high


def test_mirror__depends_on_seed_epoch_and_step_alone() -> None:
    config, images = TrainConfig(z_dim=4, mirror=True), noise(64)
    drawn = state(config, epoch=1).mirror(images, 2)

    assert torch.equal(drawn, state(config, epoch=1).mirror(images, 2))
    others = [
        state(config, epoch=2).mirror(images, 1),
        state(config, epoch=1).mirror(images, 3),
        state(config.model_copy(update={"seed": 1}), epoch=1).mirror(images, 2),
    ]
    assert not any(torch.equal(drawn, other) for other in others)


def test_mirror__leaves_images_as_they_are_by_default() -> None:
    images = noise(8)

    assert state(TrainConfig(z_dim=4)).mirror(images, 0) is images


def test_settings_for_fingerprint__cover_edges_and_mirror() -> None:
    found = [settings_for_fingerprint(TrainConfig(**s)) for s in ({}, {"edges": 1}, {"mirror": 1})]

    assert found[0] != found[1] != found[2] != found[0]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("edges=-1", r"train\.edges.*at least 0"),
        ("edges=much", r"train\.edges.*a number"),
        ("mirror=often", r"train\.mirror.*true or false"),
    ],
)
def test_load_config__names_a_wrong_setting_of_the_loss(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config("demo", [f"train.{setting}"])
