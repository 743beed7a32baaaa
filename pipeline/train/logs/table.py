"""The training logs by name: zpoints' own and those of installed packages."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from zpoints.extras import MissingExtraError, installation
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.parts.installed import TRAINING_LOGS, Part, installed_parts
from zpoints.pipeline.parts.training_log import TrainingLog
from zpoints.pipeline.train.config import LOGS, TrainConfig

CLASSES = {
    "csv": "csv_file:CsvLog",
    "tensorboard": "tensorboard_events:TensorBoardLog",
    "mlflow": "mlflow_run:MlflowLog",
}
"""Modules of this folder and their classes. They import libraries that take seconds to load."""
EXTRAS = ("tensorboard", "mlflow")
"""Logs that need a library and an extra of the same name."""
METHODS = ("begin", "record", "end")


@cache
def installed_logs() -> dict[str, Part]:
    """The training logs of installed packages by name."""
    return {part.name: part for part in installed_parts(TRAINING_LOGS, _accepted, taken=LOGS)}


def _accepted(name: str, value: Any) -> Any:
    if not isinstance(value, type) or not all(callable(getattr(value, m, None)) for m in METHODS):
        raise TypeError(
            "expected a class with the methods of zpoints.pipeline.parts.training_log.TrainingLog, "
            f"got {value!r}"
        )
    return value


def check_logs(config: TrainConfig) -> None:
    """Refuse logs that cannot be written in this installation, before the training.

    Raises
    ------
    MissingExtraError
        If the library of a log is not installed.
    ConfigError
        If the package that offers a log cannot be used.
    """
    for name in config.log:
        if name in EXTRAS and not _is_installed(name):
            raise MissingExtraError(
                f"train.log names {name}, whose library is not installed here. This needs the "
                f"extra {name!r}: {installation(name)}; or "
                "choose another log, e.g. train.log=csv.",
                name=name,
            )
        if name not in LOGS and name not in installed_logs():
            raise ConfigError(
                f"train.log names {name}, which an installed package offers that cannot be used "
                "here. Repair or reinstall the package, or leave the log out."
            )


def new_log(name: str) -> TrainingLog:
    """A log that is not open yet; imports its library.

    Parameters
    ----------
    name
        One of `TrainConfig.log`.
    """
    if name in CLASSES:
        module, _, class_ = CLASSES[name].partition(":")
        log: TrainingLog = getattr(import_module(f"{__package__}.{module}"), class_)()
        return log
    opened: TrainingLog = installed_logs()[name].value()
    return opened


def _is_installed(library: str) -> bool:
    """Whether a library can be imported; a mere folder of its name, e.g. of logs, is not one."""
    found = find_spec(library)
    return found is not None and found.origin is not None
