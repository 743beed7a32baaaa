"""Servers of the protocols of Google's and Azure's buckets, for tests on this machine alone."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import obstore
import pytest

from tests.s3 import free_port, wait_for
from zpoints.storage.backend.buckets.bucket import Bucket
from zpoints.storage.backend.buckets.schemes import split_url

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account of Azurite, Azure's emulator, and its key; both are in its documentation."""

NewBucket = Callable[[], str]
"""Makes an empty bucket and returns its URL."""


@pytest.fixture(scope="module")
def gs() -> Iterator[NewBucket]:
    """A stand-in for Google Cloud Storage, which the variables name during the module."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    account = {"gcs_base_url": url, "disable_oauth": True, "client_email": "", "private_key": ""}
    variables = {
        "GOOGLE_BASE_URL": url,
        "GOOGLE_ALLOW_HTTP": "true",
        "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps({**account, "private_key_id": ""}),
    }

    def new_bucket() -> str:
        name = f"test-{uuid4().hex}"
        request = urllib.request.Request(f"{url}/{name}", method="PUT")
        urllib.request.urlopen(request).close()
        return f"gs://{name}"

    with _serving([sys.executable, "-m", "tests.gcs_server", str(port)], port, variables):
        yield new_bucket


@pytest.fixture(scope="module")
def az() -> Iterator[NewBucket]:
    """Azurite, which the variables name during the module."""
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("needs Azurite, Azure's emulator: npm install --global azurite")
    port = free_port()
    url = f"http://127.0.0.1:{port}/{ACCOUNT}"
    variables = {
        "AZURE_STORAGE_ENDPOINT": url,
        "AZURE_ALLOW_HTTP": "true",
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": KEY,
    }
    command = [program, "--silent", "--inMemoryPersistence", "--disableTelemetry"]
    command += ["--skipApiVersionCheck", "--blobHost", "127.0.0.1", "--blobPort", str(port)]

    def new_bucket() -> str:
        name = f"test-{uuid4().hex}"
        _put_in_azure(f"/{name}", b"", "restype=container")
        return f"az://{name}"

    with _serving(command, port, variables):
        yield new_bucket


@contextmanager
def _serving(command: list[str], port: int, variables: Mapping[str, str]) -> Iterator[None]:
    """A server in a process of its own, since calls of Icechunk hold the interpreter lock."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            yield
    finally:
        process.kill()
        process.wait()


def _put_in_azure(path: str, data: bytes, query: str = "", **headers: str) -> None:
    """Send what obstore cannot; the text that is signed is that of Azure's Shared Key."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06", **headers}
    signed = "".join(f"{key}:{headers[key]}\n" for key in sorted(headers))
    headers["Content-Type"] = "application/octet-stream"
    lines = ["PUT", "", "", str(len(data) or ""), "", headers["Content-Type"], *6 * [""], ""]
    text = f"{chr(10).join(lines)}{signed}/{ACCOUNT}/{ACCOUNT}{path}"
    text += f"\n{query.replace('=', ':')}" if query else ""
    digest = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
    url = f"{os.environ['AZURE_STORAGE_ENDPOINT']}{path}{f'?{query}' if query else ''}"
    urllib.request.urlopen(urllib.request.Request(url, data, headers, method="PUT")).close()


def put_irregular(url: str, key: str, data: bytes) -> None:
    """Write an object whose key obstore cannot express into a bucket of Google or Azure."""
    scheme, bucket, _ = split_url(url)
    path = f"/{bucket}/{quote(key)}"
    if scheme == "az":
        _put_in_azure(path, data, **{"x-ms-blob-type": "BlockBlob"})
        return
    request = urllib.request.Request(f"{os.environ['GOOGLE_BASE_URL']}{path}", data, method="PUT")
    urllib.request.urlopen(request).close()


def put_folder(folder: Path, url: str, prefix: str) -> None:
    """Upload every file of a folder into a bucket of any service."""
    store = Bucket.of(url).objects(prefix)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        obstore.put(store, path.relative_to(folder).as_posix(), path.read_bytes())
