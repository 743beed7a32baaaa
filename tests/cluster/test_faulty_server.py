"""A run whose bucket's server falls silent: it ends in time, with a message."""

import time
from pathlib import Path

import pytest
import yaml

from pipeline.config import RunConfig
from storage import open_store
from tests.cluster.commands import zpoints
from tests.s3 import s3_server
from tests.s3_proxy import failing_at

pytestmark = pytest.mark.services

ROOT = "s3://runs/small"
SECONDS = 120
"""Within which a run has to end, where a request may take one second."""


@pytest.mark.parametrize("request_", ["chunks/", "refs/branch.wip-"])
def test_run__ends_in_time_when_the_server_falls_silent(
    request_: str, small_config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "faces.yaml"
    file.write_text(yaml.safe_dump(small_config.model_dump(mode="json")))
    arguments = ("run", file, "--root", ROOT, "--until", "ingest")
    with s3_server() as client:
        client.create_bucket(Bucket="runs")
        with failing_at(f"PUT /runs/small/{request_}".encode(), "silence") as proxy:
            monkeypatch.setenv("AWS_TIMEOUT", "1s")
            started = time.monotonic()
            ended = zpoints(*arguments, folder=tmp_path)
            seconds = time.monotonic() - started

        assert proxy.failed.is_set()
        assert open_store(ROOT).groups == ()

    assert ended.returncode == 1, ended.stderr
    assert "the server does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert seconds < SECONDS
