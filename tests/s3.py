"""A server of the real S3 protocol for tests, and uploads of folders into its buckets."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from filelock import FileLock

from tests.shared import run_folder


@pytest.fixture(scope="session")
def bucket_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the test run's S3 server, which the workers of pytest share.

    The first one that needs the server starts it, the last one that used it ends it.
    """
    state = run_folder(tmp_path_factory) / "bucket-server.json"
    lock, process = FileLock(f"{state}.lock"), None
    with lock:
        server = json.loads(state.read_text()) if state.exists() else {"users": 0}
        if not server["users"]:
            process, port = start_server()
            server |= {"pid": process.pid, "port": port}
        state.write_text(json.dumps({**server, "users": server["users"] + 1}))
    yield f"http://127.0.0.1:{server['port']}"
    with lock:
        server = json.loads(state.read_text())
        state.write_text(json.dumps({**server, "users": server["users"] - 1}))
        if server["users"] == 1:
            os.kill(server["pid"], signal.SIGKILL)
            if process is not None:
                process.wait()


@pytest.fixture(scope="module")
def s3(bucket_server: str) -> Iterator[Any]:
    """Boto3 client of the S3 server; the AWS variables name the server during the module."""
    with named_by_variables(bucket_server) as client:
        yield client


def new_bucket(client: Any) -> str:
    """Create an empty bucket and return its name."""
    name = f"test-{uuid4().hex}"
    client.create_bucket(Bucket=name)
    return name


@contextmanager
def named_by_variables(url: str) -> Iterator[Any]:
    """Point the AWS variables to an S3 server, and give a boto3 client of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        patch.setenv("AWS_ALLOW_HTTP", "true")
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield boto3.client("s3")


def start_server(**environment: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start an S3 server; returns its process and its port.

    A separate process, because some calls of Icechunk hold the interpreter lock while they wait.
    """
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    wait_for(port)
    return process, port


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError("the S3 server did not start within a minute")


@contextmanager
def server_that_checks_signatures() -> Iterator[None]:
    """Point the AWS variables to a server that refuses unknown keys; the shared one accepts any."""
    process, port = start_server(INITIAL_NO_AUTH_ACTION_COUNT="0")
    try:
        with named_by_variables(f"http://127.0.0.1:{port}"):
            yield
    finally:
        process.kill()
        process.wait()


def upload(client: Any, folder: Path, bucket: str, prefix: str = "") -> None:
    """Upload every file of a folder into a bucket, under its relative path."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        key = f"{prefix}/{path.relative_to(folder)}".lstrip("/")
        client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
