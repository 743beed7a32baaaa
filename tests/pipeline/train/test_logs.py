"""Training logs: what they hold after an interruption, and that none can touch the training."""

import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.pipeline.train.stage_runs import Console, Stop, run_train
from zpoints.cluster.run import run
from zpoints.extras import MissingExtraError
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.parts import installed
from zpoints.pipeline.parts.training_log import Training, TrainingLog
from zpoints.pipeline.train.logs import recorder, table
from zpoints.pipeline.train.logs.csv_file import HEADER, stored_rows
from zpoints.pipeline.train.logs.log_thread import LogThread
from zpoints.storage import Store

NAME = "train-01234567"
"""Folder of the logs of `stage_runs.run_train`."""


class Log:
    """A log of an installed package, which keeps what it gets."""

    calls: list[object] = []  # noqa: RUF012

    def begin(self, training: object, finished: object) -> str:
        self.calls[:] = [training, finished]
        return "in memory\nof <this> process"

    def record(self, epoch: object) -> None:
        self.calls.append(epoch)

    def end(self, outcome: str) -> None:
        self.calls.append(outcome)


class FullLog(Log):
    def record(self, epoch: object) -> None:
        raise OSError(28, "No space left on device", "events")


class ClosedLog(Log):
    def __init__(self) -> None:
        raise SystemExit("no account")


class HangingLog(Log):
    def begin(self, training: object, finished: object) -> str:
        threading.Event().wait(30)
        return "never"


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes classes of this module, by name, the training logs of installed packages."""

    def offered(**classes: str) -> None:
        entries = tuple(EntryPoint(n, f"{__name__}:{c}", "g") for n, c in classes.items())
        monkeypatch.setattr(installed, "_entries", lambda group: entries)

    table.installed_logs.cache_clear()
    yield offered
    table.installed_logs.cache_clear()


def interrupted(config: RunConfig, root: str) -> tuple[xr.Dataset, list[str]]:
    """Train, stop after the first epoch of two is logged and before a checkpoint has it, resume."""
    with pytest.raises(Stop):
        run_train(config, root, Console(stop_with="epoch 2/2"))
    console = Console()
    return run_train(config, root, console).dataset("model"), console.lines


def same(model: xr.Dataset, store: Store) -> bool:
    expected = store.model
    equal = all(model[n].values.tobytes() == expected[n].values.tobytes() for n in model)
    return equal and model.attrs["training"] == expected.attrs["training"]


@pytest.mark.usefixtures("saving_always")
def test_csv__resumed_has_each_epoch_once_and_the_network_is_that_without_logs(
    small_config: RunConfig, root: str, small_store: Store
) -> None:
    config = override(small_config, ["train.log=csv"])
    path = Path(root, "logs", NAME, "training.csv")

    model, lines = interrupted(config, root)

    assert same(model, small_store)
    assert "train resumes in epoch 1 of 2." in lines
    rows = pd.read_csv(path, parse_dates=["time"])
    assert rows.columns.tolist() == HEADER
    assert rows["epoch"].tolist() == [1, 2]
    for name in ("loss", "validation_loss", "learning_rate"):
        assert np.array_equal(rows[name], model[name].values)
    assert rows["images"].tolist() == [128, 256]
    assert rows["step"].tolist() == [4, 8]
    assert (rows[["images_per_second", "seconds"]] > 0).all(axis=None)  # of the first, too
    assert str(rows["time"].dt.tz) == "UTC"
    assert sum(line.startswith("Training log csv: ") for line in lines) == 1


@pytest.mark.usefixtures("saving_always")
def test_tensorboard__resumed_shows_each_epoch_once(
    small_config: RunConfig, root: str, small_store: Store, tmp_path: Path
) -> None:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = f"train.log_folder={tmp_path}/my logs"
    config = override(small_config, ["train.log=[tensorboard]", folder])

    model, lines = interrupted(config, root)

    assert same(model, small_store)
    assert f"Training log tensorboard: tensorboard --logdir '{tmp_path}/my logs'" in lines
    events = reader.EventAccumulator(str(tmp_path / "my logs" / NAME)).Reload()
    for tag, name in (("loss/training", "loss"), ("loss/validation", "validation_loss")):
        points = events.Scalars(tag)
        assert [point.step for point in points] == [1, 2]
        assert [p.value for p in points] == model[name].values.astype("float32").tolist()
    assert {"learning_rate", "images_per_second"} <= set(events.Tags()["scalars"])
    (settings,) = events.Tensors("settings/text_summary")
    assert b"    z_dim: 112\n" in settings.tensor_proto.string_val[0]


@pytest.mark.slow
@pytest.mark.usefixtures("saving_always")
def test_mlflow__resumed_continues_its_run(
    small_config: RunConfig,
    root: str,
    small_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # a database takes it 10 s to create
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file://{tmp_path}/runs")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "faces")
    monkeypatch.setattr(recorder, "SHORT_WAIT", 30.0)  # importing MLflow takes 5 s
    mlflow = pytest.importorskip("mlflow", minversion="3")

    model, _ = interrupted(override(small_config, ["train.log=mlflow"]), root)

    assert same(model, small_store)
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name("faces")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status) == (NAME, "FINISHED")
    assert (run.data.params["z_dim"], run.data.params["images"]) == ("112", "128")
    points = client.get_metric_history(run.info.run_id, "loss/training")
    assert [(p.step, p.value) for p in points] == list(enumerate(model["loss"].values, 1))


def test_stored_rows__leave_out_a_row_that_a_crash_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "training.csv"
    whole = "1,4,128,0.1,,0.001,50.0,2.5,2026-01-01T00:00:00+00:00"
    path.write_text(f"{','.join(HEADER)}\n{whole}\n2,8,256,0.0")

    assert stored_rows(path) == {1: whole.split(",")}
    path.write_text("some,other\nfile,1\n")
    assert stored_rows(path) == {}


def test_train_model__gives_an_installed_log_every_epoch(
    small_config: RunConfig, root: str, offer: Callable[..., None]
) -> None:
    offer(ours="Log")
    console = Console()

    run_train(override(small_config, ["train.log=ours"]), root, console)

    training, finished, first, second, outcome = Log.calls
    assert (training.name, training.images, training.resumed) == (NAME, 128, False)
    assert training.settings["z_dim"] == 112
    assert "log" not in training.settings
    assert (finished, first.epoch, second.epoch, outcome) == ([], 1, 2, "finished")
    assert "Training log ours: in memory of <this> process" in console.lines


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "FullLog",
            "log ours stopped in epoch 1 (OSError: [Errno 28] No space left on device",
        ),
        ("ClosedLog", "log ours stopped at its beginning (SystemExit: no account)"),
        ("HangingLog", "incomplete, since they were not written in time: ours. The training is"),
    ],
)
def test_train_model__a_failing_log_ends_in_one_line(
    name: str,
    reason: str,
    small_config: RunConfig,
    root: str,
    small_store: Store,
    offer: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offer(ours=name)
    monkeypatch.setattr(recorder, "SHORT_WAIT", 0.3)
    monkeypatch.setattr(recorder, "LONG_WAIT", 0.2)
    console, began = Console(), time.monotonic()

    work = run_train(override(small_config, ["train.log=[ours, csv]"]), root, console)

    assert time.monotonic() - began < 20  # the log that hangs does so for 30 s
    assert same(work.dataset("model"), small_store)
    (line,) = [line for line in console.lines if "out of train.log" in line]
    assert reason in line
    assert len(pd.read_csv(Path(root, "logs", NAME, "training.csv"))) == 2


def test_log_thread__shows_no_password_of_a_server(tmp_path: Path) -> None:
    def unreachable(name: str) -> TrainingLog:
        raise OSError("API request to http://me:secret@runs:5000/api failed")

    log = LogThread("mlflow", unreachable)
    log.begin(
        Training(
            id="0123456789abcdef",
            root="r",
            folder=tmp_path,
            settings={},
            images=1,
            validation_images=0,
            epochs=1,
            resumed=False,
        ),
        [],
    )

    assert log.wait(5)
    (line,) = log.lines()
    assert "stopped at its beginning (OSError: API request to http://runs:5000/api failed)" in line


def test_run__refuses_a_log_without_its_library_before_it_works(
    small_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "find_spec", lambda library: None)
    config, console = override(small_config, ["train.log=mlflow"]), Console()

    with pytest.raises(MissingExtraError, match=r"pip install '\.\[mlflow\]' in a clone"):
        run(config, str(tmp_path / "store"), console=console, title="t", until="train")

    assert not any("images:" in line for line in console.lines)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("train.log=csv", ("csv",)),
        ("train.log=[mlflow, csv, mlflow]", ("mlflow", "csv")),
        ("train.log=null", ()),
    ],
)
def test_config__takes_one_log_or_several(setting: str, expected: tuple[str, ...]) -> None:
    assert override(RunConfig(), [setting]).train.log == expected


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train.log=tensorbord", "unknown training log 'tensorbord'; did you mean tensorboard?"),
        ("train.log=[csv, wandb]", "unknown training log 'wandb'; choose one of csv, tensorboard"),
        ("train.log_folder=s3://faces/logs", "expected a folder on the machine that trains"),
    ],
)
def test_config__refuses_other_logs(setting: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        override(RunConfig(), [setting])

    assert message in str(refused.value)
