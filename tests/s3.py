"""A real S3 protocol server for tests, and trees of files put into its buckets."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest


@contextmanager
def s3_server() -> Iterator[Any]:
    """A server on this machine that the AWS variables name; gives boto3's client of it.

    A process of its own: some calls of Icechunk keep the interpreter lock while they wait.
    """
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
            patch.setenv("AWS_ALLOW_HTTP", "true")
            patch.setenv("AWS_ACCESS_KEY_ID", "testing")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
            patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
            yield boto3.client("s3")
    finally:
        server.kill()
        server.wait()


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
def signatures_checked() -> Iterator[None]:
    """Let the server refuse keys that it does not know; without this it takes any."""
    _let_in(b"0")
    try:
        yield
    finally:
        _let_in(b"inf")


def _let_in(requests: bytes) -> None:
    url = f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/reset-auth"
    urlopen(Request(url, data=requests, headers={"Content-Type": "text/plain"})).close()


def upload(client: Any, folder: Path, bucket: str, prefix: str = "") -> None:
    """Put every file of a folder into a bucket, by its path."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        key = f"{prefix}/{path.relative_to(folder)}".lstrip("/")
        client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
