"""Servers of buckets that stop answering or whose responses are lost."""

import pickle
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import icechunk
import pytest

from tests.s3 import new_bucket
from tests.s3_proxy import failing_at
from tests.storage.conftest import begin, blocks_of, latent_template, publish_latents, vectors
from zpoints.storage import ObjectStoreError, StoreError, open_repository, open_store
from zpoints.storage.arrays.chunks import write_rows
from zpoints.storage.backend.location import Location
from zpoints.storage.commits import MAIN
from zpoints.storage.work_branch import PREFIX

pytestmark = pytest.mark.services

SECONDS = 60
"""Time limit for giving up on a silent server if a request may take one second."""


@pytest.fixture
def bucket(s3):
    """Name of an empty bucket."""
    return new_bucket(s3)


class Teapot(BaseHTTPRequestHandler):
    """Answers listings if it `lists`, and few other requests."""

    lists = False
    NOTHING = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"

    def do_GET(self) -> None:
        body = self.NOTHING if self.lists and "list-type=2" in self.path else b""
        self.send_response(200 if body else 418)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class ListingTeapot(Teapot):
    lists = True


def main_of(root: str) -> bytes:
    """First bytes of the request that moves `main`."""
    return f"PUT /{root.removeprefix('s3://')}/refs/branch.{MAIN}/".encode()


def test_open_store__a_server_that_never_answers_is_given_up(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        monkeypatch.setenv("AWS_TIMEOUT", "1s")
        started = time.monotonic()
        with pytest.raises(ObjectStoreError, match=r"the server does not answer.*AWS_TIMEOUT"):
            open_store("s3://faces/silent")

    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("answers", [Teapot, ListingTeapot])
def test_open_store__hides_the_password_of_an_endpoint(monkeypatch, answers):
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as teapot:
        threading.Thread(target=teapot.serve_forever, daemon=True).start()
        place = f"127.0.0.1:{teapot.server_port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://user:hunter2@{place}")
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        with pytest.raises(StoreError, match="418") as refused:
            open_store("s3://faces/teapot")
        teapot.shutdown()

    assert place in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "user" not in str(refused.value)


@pytest.mark.parametrize("request_", ["GET /{}/refs/branch.main/", "GET /{}/snapshots/"])
def test_open_store__a_server_that_falls_silent_is_given_up(bucket, monkeypatch, request_):
    root = f"s3://{bucket}/reader"
    publish_latents(open_repository(root), 8, fingerprint="aa")
    monkeypatch.setenv("AWS_TIMEOUT", "1s")
    words = request_.format(f"{bucket}/reader").encode()

    with failing_at(words, "silence") as proxy:
        started = time.monotonic()
        with pytest.raises(ObjectStoreError, match="the server does not answer"):
            _ = open_store(root).latents
        assert time.monotonic() - started < SECONDS

    assert proxy.failed.is_set()


def test_write_chunks__a_server_that_falls_silent_is_given_up(bucket, monkeypatch):
    root = f"s3://{bucket}/writer"
    open_repository(root)
    monkeypatch.setenv("AWS_TIMEOUT", "1s")

    with failing_at(f"PUT /{bucket}/writer/refs/branch.wip-".encode(), "silence") as proxy:
        repository = open_repository(root)
        started = time.monotonic()
        with pytest.raises(ObjectStoreError, match="the server does not answer"):
            begin(repository).create("latents", latent_template(8))
        assert time.monotonic() - started < SECONDS

    assert proxy.failed.is_set()


def test_write_rows__takes_no_array_for_missing_that_a_silent_server_holds(bucket, monkeypatch):
    root = f"s3://{bucket}/worker"
    open_repository(root)
    monkeypatch.setenv("AWS_TIMEOUT", "1s")

    with failing_at(b"nothing yet", "silence") as proxy:
        begin(open_repository(root)).create("latents", latent_template(8))
        repository = Location.of(root).open()
        session = repository.writable_session(f"{PREFIX}aa")
        sent = pickle.dumps(session.fork())
        proxy.request = f"GET /{bucket}/worker/snapshots/{session.snapshot_id}".encode()
        block = blocks_of("z", vectors(8))[0]
        with pytest.raises(icechunk.IcechunkError, match="object store error"):
            write_rows("latents", ("z",), block, pickle.loads(sent))

    assert proxy.failed.is_set()


@pytest.mark.parametrize("begun", [False, True], ids=["to begin a branch", "to a commit"])
def test_write_chunks__succeeds_though_a_response_is_lost(bucket, begun):
    root = f"s3://{bucket}/branch-{begun}"
    repository = open_repository(root)
    if begun:
        begin(repository)

    with failing_at(
        f"PUT /{bucket}/branch-{begun}/refs/branch.wip-".encode(), "lost response"
    ) as proxy:
        work = begin(open_repository(root))
        work.create("latents", latent_template(8))
        written = work.dataset("latents").sizes["image"]

    assert proxy.failed.is_set()
    assert written == 8


def test_publish__succeeds_though_the_response_is_lost(bucket):
    root = f"s3://{bucket}/published"
    open_repository(root)

    with failing_at(main_of(root), "lost response") as proxy:
        version = publish_latents(open_repository(root), 8)

    assert proxy.failed.is_set()
    assert open_store(root).version == version


def test_rollback__succeeds_though_the_response_is_lost(bucket):
    root = f"s3://{bucket}/rolled"
    repository = open_repository(root)
    first = publish_latents(repository, 8)
    publish_latents(repository, 16, fingerprint="bb")

    with failing_at(main_of(root), "lost response") as proxy:
        made = open_repository(root).rollback(first)

    assert proxy.failed.is_set()
    assert open_store(root).version == made.id
    assert open_store(root).latents.sizes["image"] == 8
