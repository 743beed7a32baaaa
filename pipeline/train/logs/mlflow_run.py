"""The training log `mlflow`: a run of an MLflow experiment, on a server or in a file."""

import logging
import os
import time
from collections.abc import Sequence
from datetime import datetime

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag

from zpoints.pipeline.parts.training_log import Epoch, Outcome, Training
from zpoints.storage.text import printed

DATABASE = "mlflow.db"
"""File of the runs, in the folder of the logs, if MLFLOW_TRACKING_URI names no other place."""
EXPERIMENT = "zpoints"
"""Experiment of the runs if MLFLOW_EXPERIMENT_NAME and MLFLOW_EXPERIMENT_ID name no other."""
TRAINING, ROOT = "zpoints.training", "zpoints.root"
"""Tags that identify the run of a training."""
STATES: dict[Outcome, str] = {
    "finished": "FINISHED",
    "failed": "FAILED",
    "interrupted": "KILLED",
}
LONGEST = 500
"""Characters of the value of a setting."""


class MlflowLog:
    """Values over the number of the epoch; a resumed training continues its run.

    The client of this log is its own: runs that a notebook has begun stay as they are.
    """

    _client: MlflowClient
    _run: str
    _logged: set[int]

    def begin(self, training: Training, finished: Sequence[Epoch]) -> str:
        """Create a run with the settings as parameters, or find that of a resumed training."""
        if "MLFLOW_LOGGING_LEVEL" not in os.environ:
            logging.getLogger("mlflow").setLevel(logging.WARNING)  # it reports its own tables
        uri = os.environ.get("MLFLOW_TRACKING_URI")
        if not uri:
            training.folder.parent.mkdir(parents=True, exist_ok=True)
        database = training.folder.parent.resolve() / DATABASE
        self._client = MlflowClient(tracking_uri=uri or f"sqlite:///{database}")
        experiment, name = self._experiment()
        run = self._earlier_run(experiment, training) if training.resumed else None
        if run is None:
            run, self._logged = self._new_run(experiment, training), set()
        else:
            self._client.update_run(run.info.run_id, status="RUNNING")
            history = self._client.get_metric_history(run.info.run_id, "loss/training")
            self._logged = {metric.step for metric in history}
        self._run = run.info.run_id
        for epoch in finished:
            self.record(epoch)
        place = "the place that MLFLOW_TRACKING_URI names" if uri else printed(str(database))
        return f"run {training.name} of experiment {name} in {place}"

    def record(self, epoch: Epoch) -> None:
        """Log the values of an epoch, unless it was logged before an interruption."""
        if epoch.epoch in self._logged:
            return
        now = _milliseconds(epoch.time)
        metrics = [Metric(name, value, now, epoch.epoch) for name, value in epoch.curves.items()]
        self._client.log_batch(self._run, metrics=metrics, synchronous=True)
        self._logged.add(epoch.epoch)

    def end(self, outcome: Outcome) -> None:
        """Set the state of the run."""
        self._client.set_terminated(self._run, STATES[outcome])

    def _experiment(self) -> tuple[str, str]:
        """Id and name of the experiment, which is created if there is none."""
        if id_ := os.environ.get("MLFLOW_EXPERIMENT_ID"):
            return id_, self._client.get_experiment(id_).name
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
        found = self._client.get_experiment_by_name(name)
        return (found.experiment_id if found else self._client.create_experiment(name)), name

    def _earlier_run(self, experiment: str, training: Training) -> Run | None:
        """The latest run of an interrupted training."""
        query = f"tags.`{TRAINING}` = '{training.id}'"
        runs = self._client.search_runs([experiment], query, order_by=["start_time DESC"])
        return next((run for run in runs if run.data.tags.get(ROOT) == training.root), None)

    def _new_run(self, experiment: str, training: Training) -> Run:
        run = self._client.create_run(experiment, run_name=training.name)
        params = [Param(name, str(value)[:LONGEST]) for name, value in training.settings.items()]
        params += [
            Param("images", str(training.images)),
            Param("validation_images", str(training.validation_images)),
        ]
        tags = [RunTag(TRAINING, training.id), RunTag(ROOT, training.root)]
        self._client.log_batch(run.info.run_id, params=params, tags=tags, synchronous=True)
        return run


def _milliseconds(moment: datetime | None) -> int:
    return round((moment.timestamp() if moment else time.time()) * 1000)
