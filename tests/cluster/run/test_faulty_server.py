"""A run whose bucket's server falls silent: it ends in time, with a message."""

import time
from pathlib import Path

import pytest
import yaml

from tests.cluster.cli.commands import zpoints
from tests.conftest import SilentConsole
from tests.s3 import s3_server
from tests.s3_proxy import failing_at
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig

pytestmark = pytest.mark.services

ROOT = "s3://runs/small"
SECONDS = 120
"""Within which a run has to end, where a request may take one second."""


@pytest.mark.parametrize(
    ("request_", "done", "until"),
    [
        ("PUT /runs/small/chunks/", "", "ingest"),
        ("PUT /runs/small/refs/branch.wip-", "", "ingest"),
        ("GET /runs/small/chunks/", "ingest", "train"),
    ],
)
def test_run__ends_in_time_when_the_server_falls_silent(
    request_: str,
    done: str,
    until: str,
    small_config: RunConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "faces.yaml"
    file.write_text(yaml.safe_dump(small_config.model_dump(mode="json")))
    with s3_server() as client:
        client.create_bucket(Bucket="runs")
        if done:
            run(small_config, ROOT, console=SilentConsole(), title="small", until=done)
        with failing_at(request_.encode(), "silence") as proxy:
            monkeypatch.setenv("AWS_TIMEOUT", "1s")
            started = time.monotonic()
            ended = zpoints("run", file, "--root", ROOT, "--until", until, folder=tmp_path)
            seconds = time.monotonic() - started

        assert proxy.failed.is_set()

    assert ended.returncode == 1, ended.stderr
    assert "the server does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert seconds < SECONDS
