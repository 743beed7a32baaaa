"""A real S3 protocol server for tests, and trees of files put into its buckets."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer


@contextmanager
def s3_server() -> Iterator[Any]:
    """A server on this machine that the AWS variables name; gives boto3's client of it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ALLOW_HTTP", "true")
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield boto3.client("s3")
    server.stop()


@contextmanager
def signatures_checked() -> Iterator[None]:
    """Let the server refuse keys that it does not know; without this it takes any."""
    url = f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/reset-auth"
    urlopen(url, data=b"0").close()
    try:
        yield
    finally:
        urlopen(url, data=b"inf").close()


def upload(client: Any, folder: Path, bucket: str, prefix: str = "") -> None:
    """Put every file of a folder into a bucket, by its path."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        key = f"{prefix}/{path.relative_to(folder)}".lstrip("/")
        client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
