"""The stage train: interrupted runs resume from their checkpoint."""

import pytest
import torch
import xarray as xr

from tests.pipeline.train.stage_runs import Console, Stop, begin, run_train
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.train import stage
from zpoints.storage import Store


def same(model: xr.Dataset, store: Store) -> bool:
    names = ("weights", "loss", "validation_loss", "learning_rate")
    return all(model[n].values.tobytes() == store.model[n].values.tobytes() for n in names)


@pytest.mark.usefixtures("saving_always")
def test_train_model__resumes_and_ends_like_an_undisturbed_run(
    small_config: RunConfig, root: str, small_store: Store
) -> None:
    with pytest.raises(Stop):
        run_train(small_config, root, Console(stop=200))
    console = Console()

    work = run_train(small_config, root, console)

    assert "train resumes in epoch 2 of 2." in console.lines
    assert same(work.dataset("model"), small_store)
    work.publish(message="train", rows=1)
    assert begin(root).load_checkpoint() is None


def test_train_model__restarts_if_the_checkpoint_is_damaged(
    small_config: RunConfig, root: str, small_store: Store
) -> None:
    begin(root).save_checkpoint(b"not a checkpoint")
    console = Console()

    work = run_train(small_config, root, console)

    assert (
        "The checkpoint of the interrupted training is damaged. train restarts from the beginning."
        in console.lines
    )
    assert same(work.dataset("model"), small_store)


@pytest.mark.parametrize(("threads", "used"), [(3, 3), (None, stage.CPU_COUNT)])
def test_train_model__takes_the_threads_that_are_set(
    threads: int | None, used: int, small_config: RunConfig, root: str
) -> None:
    config = override(small_config, [f"train.threads={threads or 'null'}"])

    with pytest.raises(Stop):
        run_train(config, root, Console(stop=0))

    assert torch.get_num_threads() == used
