"""Checkpoints of a training: complete or refused, saved at intervals."""

from types import SimpleNamespace

import pytest
import torch

from zpoints.pipeline.train.checkpoint import CheckpointError, Saver, pack, unpack
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.state import TrainingState

SHAPE = (64, 32, 32, 3)
CONFIG = TrainConfig(z_dim=4, device="cpu")
CPU = torch.device("cpu")


def state(config: TrainConfig = CONFIG) -> TrainingState:
    return TrainingState(SHAPE, config, steps=1, device=CPU)


class Clock:
    """A clock that moves only when it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(
        "zpoints.pipeline.train.checkpoint.time", SimpleNamespace(monotonic=clock.monotonic)
    )
    return clock


def test_unpack__restores_what_was_packed() -> None:
    trained = state()
    trained.count_step(torch.tensor(0.25))
    trained.curves.validation_loss.append(float("nan"))

    checkpoint = unpack(pack(trained.checkpoint()), CONFIG, SHAPE)

    assert (checkpoint.epoch, checkpoint.step, checkpoint.total.item()) == (0, 1, 0.25)
    assert checkpoint.curves["validation_loss"] != checkpoint.curves["loss"]
    for name, weights in trained.model.state_dict().items():
        assert torch.equal(checkpoint.model[name], weights)


@pytest.mark.parametrize("damage", ["flipped", "short", "empty"])
def test_unpack__refuses_damaged_bytes(damage: str) -> None:
    data = bytearray(pack(state().checkpoint()))
    if damage == "flipped":
        data[len(data) // 2] ^= 1
    else:
        del data[-1 if damage == "short" else 0 :]

    with pytest.raises(CheckpointError, match="damaged"):
        unpack(bytes(data), CONFIG, SHAPE)


@pytest.mark.parametrize(
    ("config", "shape"),
    [(CONFIG, (65, *SHAPE[1:])), (CONFIG.model_copy(update={"epochs": 25}), SHAPE)],
)
def test_unpack__refuses_other_images_and_settings(
    config: TrainConfig, shape: tuple[int, ...]
) -> None:
    data = pack(state().checkpoint())

    with pytest.raises(CheckpointError, match="a training with other images or settings"):
        unpack(data, config, shape)


def test_unpack__accepts_another_device() -> None:
    data = pack(state().checkpoint())

    unpack(data, CONFIG.model_copy(update={"device": "cuda"}), SHAPE)


def test_saver__is_due_after_its_interval(clock: Clock) -> None:
    kept: list[bytes] = []
    saver = Saver(kept.append, seconds=20)

    assert not saver.due()
    clock.now += 20
    assert saver.due()
    saver.keep(state().checkpoint())
    assert len(kept) == 1
    assert not saver.due()
    clock.now += 20
    assert saver.due()


def test_saver__waits_longer_where_saving_is_slow(clock: Clock) -> None:
    def save(data: bytes) -> None:
        clock.now += 3

    saver = Saver(save, seconds=20, rest=20)
    saver.keep(state().checkpoint())

    clock.now += 59
    assert not saver.due()
    clock.now += 1
    assert saver.due()
