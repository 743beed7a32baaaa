"""Reasons for which a bucket cannot be reached, from responses of a server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from zpoints.storage import ObjectStoreError
from zpoints.storage.backend.s3 import Bucket, check_reach


@contextmanager
def answering(status: int, code: str) -> Iterator[int]:
    """A server that answers every request with a status and an S3 error code; yields its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<Error><Code>{code}</Code></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("request_", ["list", "read"])
@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (401, "", "access is denied"),
        (403, "AccessDenied", "access is denied"),
        (403, "", "access is denied"),
        (403, "InvalidAccessKeyId", "the credentials are not valid"),
        (403, "SignatureDoesNotMatch", "the credentials are not valid"),
        (404, "NoSuchBucket", "there is no such bucket"),
        (301, "PermanentRedirect", "it is in another region. Set AWS_REGION"),
    ],
)
def test_reaching_s3__names_the_reason_and_the_remedy(
    request_: str, status: int, code: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(status, code) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

        with pytest.raises(ObjectStoreError, match=reason):
            check_reach("faces", "runs") if request_ == "list" else Bucket("faces").read("a", "tag")
