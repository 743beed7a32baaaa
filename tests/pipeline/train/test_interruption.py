"""A training that is interrupted and resumes ends as if it had not been interrupted."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from signal import SIGKILL

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.pipeline.network.own_networks import NAME
from zpoints.pipeline.errors import TrainingError
from zpoints.pipeline.network.architecture import Autoencoder
from zpoints.pipeline.train.checkpoint import Saver, unpack
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.loop import train
from zpoints.pipeline.train.model_group import model_dataset
from zpoints.pipeline.train.state import Curves

CONFIG = TrainConfig(z_dim=4, epochs=3, batch=16, seed=5, device="cpu")
STEPS = 4
CALLS = 1 + CONFIG.epochs * (STEPS + 1)  # calls of on_step: at the start, per step, per epoch
AlwaysSaver = partial(Saver, seconds=0, rest=0)


class Stop(BaseException):
    """The exception of a signal handler."""


def noise(count: int, *, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 32, 32, 3), dtype=torch.uint8, generator=generator)


IMAGES, VALIDATION = noise(70, seed=1), noise(10, seed=2)  # 6 images are left over per epoch


def content(result: tuple[Autoencoder, Curves]) -> dict[str, bytes]:
    """The bytes of the weights and of every curve, as they are stored."""
    return {str(name): v.values.tobytes() for name, v in model_dataset(*result).items()}


def undisturbed(config: TrainConfig) -> dict[str, bytes]:
    return content(train(IMAGES, VALIDATION, config))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """All trainings that are compared take the same number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def expected() -> dict[str, bytes]:
    """Result of an undisturbed training."""
    return undisturbed(CONFIG)


def interrupted(config: TrainConfig, stops: Sequence[int]) -> dict[str, bytes]:
    """Train with a checkpoint at every step; stop and resume at each of ``stops``.

    A stop is a number of calls of on_step since the training started or resumed.
    """
    kept: list[bytes] = []
    for stop in (*stops, sys.maxsize):
        calls = iter(range(stop))

        def on_step(images_seen: int, curves: Curves, calls: Iterator[int] = calls) -> None:
            if next(calls, None) is None:
                raise Stop

        with suppress(Stop):
            trained = train(
                IMAGES,
                VALIDATION,
                config,
                checkpoint=unpack(kept[-1], config, IMAGES.shape) if kept else None,
                saver=AlwaysSaver(kept.append),
                on_step=on_step,
            )
    return content(trained)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"batch_norm": True, "loss": "bce"},
        {"precision": "bfloat16", "activation": "selu", "batch_norm": True},
        {"precision": "float32", "schedule": "constant", "case": 2},
        {"network": f"{NAME}Vae"},
        {"network": f"{NAME}Linear", "loss": "bce"},
        {"mirror": True, "edges": 2.0},
        {"mirror": True, "network": f"{NAME}Vae"},
    ],
)
@pytest.mark.slow
def test_train__interrupted_repeatedly_ends_the_same(settings: dict) -> None:
    config = CONFIG.model_copy(update=settings)

    assert interrupted(config, stops=[2] * (CALLS // 2)) == undisturbed(config)


@pytest.mark.parametrize("stop", [0, 1, STEPS, STEPS + 1, STEPS + 2, CALLS - 2, CALLS - 1])
def test_train__interrupted_anywhere_ends_the_same(stop: int, expected: dict[str, bytes]) -> None:
    assert interrupted(CONFIG, stops=[stop]) == expected


def test_train__mirroring_its_images_and_interrupted_ends_the_same(
    expected: dict[str, bytes],
) -> None:
    config = CONFIG.model_copy(update={"mirror": True, "edges": 2.0})

    result = interrupted(config, stops=[2, STEPS + 2])

    assert result == undisturbed(config)
    assert result["weights"] != expected["weights"]


def test_train__interrupted_at_random_moments_ends_the_same(expected: dict[str, bytes]) -> None:
    draw = random.Random(7)
    stops = [draw.randrange(CALLS), *(draw.randrange(2, STEPS) for _ in range(3))]

    assert interrupted(CONFIG, stops) == expected


@pytest.mark.parametrize("threads", [1, 2])
def test_train__is_the_same_every_time(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert undisturbed(CONFIG) == undisturbed(CONFIG)
    finally:
        torch.set_num_threads(before)


def test_train__resumes_where_it_was_saved() -> None:
    kept: list[bytes] = []
    seen: list[int] = []
    train(IMAGES, VALIDATION, CONFIG, saver=AlwaysSaver(kept.append))

    train(
        IMAGES,
        VALIDATION,
        CONFIG,
        checkpoint=unpack(kept[STEPS + 1], CONFIG, IMAGES.shape),
        on_step=lambda images_seen, curves: seen.append(images_seen),
    )

    assert len(kept) == CONFIG.epochs * STEPS
    assert seen[0] == (STEPS + 2) * CONFIG.batch
    assert seen[-1] == CONFIG.epochs * STEPS * CONFIG.batch


def test_train__saves_no_diverged_state_and_fails_again_when_resumed() -> None:
    config = CONFIG.model_copy(update={"learning_rate": 1e30, "schedule": "constant"})
    kept: list[bytes] = []
    with pytest.raises(TrainingError, match="NaN or infinite"):
        train(IMAGES, VALIDATION, config, saver=AlwaysSaver(kept.append))

    checkpoint = unpack(kept[-1], config, IMAGES.shape)

    assert checkpoint.total.isfinite()
    with pytest.raises(TrainingError, match="NaN or infinite"):
        train(IMAGES, VALIDATION, config, checkpoint=checkpoint)


KILLED = """
import os, sys
from pathlib import Path
import torch
from safetensors.torch import load_file, save_file
from zpoints.pipeline.train.checkpoint import Saver, unpack
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.loop import train
from zpoints.pipeline.train.model_group import model_dataset

folder = Path(sys.argv[1])
images, config = load_file(folder / "images"), TrainConfig.model_validate_json(sys.argv[2])
torch.set_num_threads(int(sys.argv[3]))

def save(data):
    (folder / "new").write_bytes(data)
    os.replace(folder / "new", folder / "checkpoint")

try:
    checkpoint = unpack((folder / "checkpoint").read_bytes(), config, images["train"].shape)
except FileNotFoundError:
    checkpoint = None
result = model_dataset(*train(
    images["train"], images["validation"], config,
    checkpoint=checkpoint, saver=Saver(save, seconds=0, rest=0),
))
for name, variable in result.items():
    (folder / name).write_bytes(variable.values.tobytes())
"""


@pytest.mark.services
def test_train__killed_processes_end_the_same(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"epochs": 12})
    save_file({"train": IMAGES, "validation": VALIDATION}, tmp_path / "images")
    threads = str(torch.get_num_threads())
    command = [sys.executable, "-c", KILLED, str(tmp_path), config.model_dump_json(), threads]
    checkpoint = tmp_path / "checkpoint"

    with subprocess.Popen(command) as process:
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.2))
        process.kill()
    assert process.returncode == -SIGKILL
    subprocess.run(command, check=True)

    assert undisturbed(config) == {
        name: (tmp_path / name).read_bytes()
        for name in ("weights", "loss", "validation_loss", "learning_rate")
    }
