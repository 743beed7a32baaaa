"""A run whose bucket server stops answering ends in time, with a message."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import SilentConsole
from tests.forks import zpoints_fork
from tests.s3 import new_bucket
from tests.s3_proxy import failing_at
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig

pytestmark = pytest.mark.services

SECONDS = 120
"""Time limit of the run; a request may take one second."""


@pytest.mark.parametrize(
    ("request_", "done", "until"),
    [
        ("PUT /{}/small/chunks/", "", "ingest"),
        ("PUT /{}/small/refs/branch.wip-", "", "ingest"),
        ("GET /{}/small/chunks/", "ingest", "train"),
    ],
)
def test_run__ends_in_time_when_the_server_stops_answering(
    request_: str,
    done: str,
    until: str,
    small_config: RunConfig,
    s3: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "faces.yaml"
    file.write_text(yaml.safe_dump(small_config.model_dump(mode="json")))
    bucket = new_bucket(s3)
    root = f"s3://{bucket}/small"
    if done:
        run(small_config, root, console=SilentConsole(), title="small", until=done)
    with failing_at(request_.format(bucket).encode(), "silence") as proxy:
        monkeypatch.setenv("AWS_TIMEOUT", "1s")
        started = time.monotonic()
        process = zpoints_fork("run", file, "--root", root, "--until", until, folder=tmp_path)
        output = process.communicate()[0]
        seconds = time.monotonic() - started

    assert proxy.failed.is_set()
    assert process.returncode == 1, output
    assert "the server does not answer" in output
    assert "Traceback" not in output
    assert seconds < SECONDS
