"""Checkpoints of a training: complete or refused, saved at intervals."""

import pickle
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

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


def resealed(**changes: Any) -> bytes:
    """A packed checkpoint with other parts and the digest of the changed bytes."""
    return pack(replace(state().checkpoint(), **changes))


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"PK", pickle.dumps({"epoch": 1}, 2), pickle.dumps(print, 2), b"\x80\x02" * 40],
)
def test_unpack__refuses_other_content_with_its_digest(content: bytes) -> None:
    with pytest.raises(CheckpointError, match="damaged"):
        unpack(sha256(content).digest() + content, CONFIG, SHAPE)


FRESH = state().checkpoint()
WEIGHT = next(iter(FRESH.model))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"epoch": -1}, id="a negative epoch"),
        pytest.param({"epoch": 10**6}, id="an epoch after the last"),
        pytest.param({"epoch": "1"}, id="an epoch as text"),
        pytest.param({"step": 2}, id="more steps than an epoch has"),
        pytest.param({"curves": {}}, id="no curves"),
        pytest.param({"curves": {**FRESH.curves, "loss": [1.0]}}, id="a loss of no epoch"),
        pytest.param({"total": torch.zeros(3)}, id="a sum with three values"),
        pytest.param({"order": torch.zeros(5)}, id="a generator of another kind"),
        pytest.param({"model": {}}, id="no weights"),
        pytest.param({"model": {**FRESH.model, WEIGHT: torch.zeros(1)}}, id="a smaller weight"),
        pytest.param({"optimizer": {}}, id="no optimizer"),
        pytest.param({"optimizer": 3}, id="an optimizer that is a number"),
        pytest.param(
            {"optimizer": {**FRESH.optimizer, "state": {0: {"step": torch.zeros(())}}}},
            id="an optimizer without moments",
        ),
        pytest.param({"schedule": {**FRESH.schedule, "step": 0}}, id="a schedule without method"),
        pytest.param({"schedule": {}}, id="no schedule"),
    ],
)
def test_restore__refuses_what_is_no_checkpoint_of_this_training(changes: dict[str, Any]) -> None:
    fresh, checkpoint = state(), unpack(resealed(**changes), CONFIG, SHAPE)
    before = fresh.model.state_dict()[WEIGHT].clone()

    with pytest.raises(CheckpointError, match="damaged"):
        fresh.restore(checkpoint)

    assert torch.equal(fresh.model.state_dict()[WEIGHT], before)
    assert (fresh.epoch, fresh.step) == (0, 0)


@pytest.mark.parametrize("schedule", ["constant", "one_cycle"])
def test_restore__accepts_a_checkpoint_after_a_step(schedule: str) -> None:
    config = CONFIG.model_copy(update={"schedule": schedule, "batch_norm": True})
    trained = state(config)
    loss = trained.model(torch.rand(4, 3, 32, 32)).square().mean()
    loss.backward()
    trained.optimizer.step()
    trained.schedule.step()
    trained.count_step(loss.detach())

    resumed = state(config)
    resumed.restore(unpack(pack(trained.checkpoint()), config, SHAPE))

    assert (resumed.step, resumed.total.item()) == (1, loss.item())
