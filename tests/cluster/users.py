"""Configuration files, photographs and job records for tests of jobs."""

import shutil
import time
from pathlib import Path

import yaml

from zpoints.cluster.jobs.job import Job
from zpoints.cluster.run_ids import new_id
from zpoints.pipeline.config.run import RunConfig, override

LONG = ["train.epochs=500"]
"""A training that lasts until it is interrupted."""


def written(config: RunConfig, path: Path, *overrides: str) -> Path:
    """Write a configuration with overrides to a file."""
    settings = override(config, overrides).model_dump(mode="json")
    path.write_text(yaml.safe_dump(settings))
    return path


def with_a_damaged_one(faces: Path, folder: Path) -> Path:
    """A copy of the photographs of which 000003.jpg is empty, so that --strict ends a run."""
    shutil.copytree(faces, folder)
    (damaged,) = folder.rglob("000003.jpg")
    damaged.write_bytes(b"")
    return folder


def a_job(**facts: object) -> Job:
    """Record of a job, by default a queued one."""
    defaults = {"title": "t", "until": "report", "config": {}, "folder": "/"}
    return Job(**{"id": new_id(), "submitted": time.time(), **defaults, **facts})  # type: ignore[arg-type]
