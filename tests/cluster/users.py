"""A user of jobs: a folder to work in, configurations to submit, records made by hand."""

import time
from pathlib import Path

import yaml

from zpoints.cluster.jobs.record import Job, new_id
from zpoints.pipeline.config.run import RunConfig, override

LONG = ["train.epochs=500"]
"""A training that lasts until it is told to end."""


def written(config: RunConfig, path: Path, *overrides: str) -> Path:
    """A configuration as a file."""
    settings = override(config, overrides).model_dump(mode="json")
    path.write_text(yaml.safe_dump(settings))
    return path


def a_job(**facts: object) -> Job:
    """A record, of a queued job unless the facts say otherwise."""
    plain = {"title": "t", "until": "report", "config": {}, "folder": "/"}
    return Job(**{"id": new_id(), "submitted": time.time(), **plain, **facts})  # type: ignore[arg-type]
