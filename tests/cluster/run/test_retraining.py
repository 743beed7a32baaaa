"""New photographs and the network: when it is trained again, and that latents follow it."""

from pathlib import Path

import pytest

from tests.cluster.conftest import FIRST, arrive, done, go
from zpoints.pipeline.config.run import RunConfig, override

pytestmark = pytest.mark.slow


def test_run__retrains_on_growth_if_configured(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    retrain = override(config, ["train.on_growth=retrain"])
    arrive(everything, tree, FIRST, FIRST + 2)

    result, lines = go(retrain, root)

    assert done(result) == ["images", "model", "latents", "statistics"]
    assert not any("already encoded" in line for line in lines)


def test_run__latents_of_two_trainings_never_mix(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    arrive(everything, tree, FIRST, FIRST + 2)
    go(override(config, ["train.seed=5"]), root, until="train")

    result, lines = go(config, root)

    assert done(result) == ["model", "latents", "statistics"]
    assert not any("already encoded" in line for line in lines)


def test_run__a_model_retrained_once_is_kept_afterwards(
    everything: Path, tree: Path, config: RunConfig, root: Path
) -> None:
    arrive(everything, tree, FIRST, FIRST + 2)
    go(override(config, ["train.on_growth=retrain"]), root)
    assert done(go(config, root)[0]) == []
    arrive(everything, tree, FIRST + 2, FIRST + 4)

    assert done(go(config, root)[0]) == ["images", "latents", "statistics"]


def test_run__a_model_is_not_tested_on_its_training_images(
    tree: Path, config: RunConfig, tmp_path: Path
) -> None:
    partition = tree / "list_eval_partition.txt"
    official = partition.read_text()
    partition.unlink()
    go(config, tmp_path / "new", until="train")
    partition.write_text(official)

    assert done(go(config, tmp_path / "new", until="train")[0]) == ["images", "model"]
