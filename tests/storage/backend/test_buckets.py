"""Reasons for which a bucket cannot be reached, from responses of a server."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from zpoints.storage import ObjectStoreError
from zpoints.storage.backend.buckets.bucket import Bucket
from zpoints.storage.backend.buckets.schemes import in_bucket
from zpoints.storage.backend.location import Location
from zpoints.storage.errors import PlaceError

VARIABLES = {
    "s3": {
        "AWS_ENDPOINT_URL": "{url}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    },
    "gs": {
        "GOOGLE_BASE_URL": "{url}",
        "GOOGLE_ALLOW_HTTP": "true",
        "GOOGLE_BEARER_TOKEN": "token",
    },
    "az": {
        "AZURE_STORAGE_ENDPOINT": "{url}",
        "AZURE_ALLOW_HTTP": "true",
        "AZURE_STORAGE_ACCOUNT_NAME": "account",
        "AZURE_STORAGE_ACCOUNT_KEY": "c2VjcmV0",
    },
}
"""What leads the libraries of each scheme to a server."""
CREDENTIALS = (
    *("GOOGLE_BEARER_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS"),
    *("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN"),
)
"""Of these, the libraries use one and ignore others."""


@contextmanager
def answering(status: int, code: str) -> Iterator[int]:
    """A server that answers every request with a status and an error code; yields its port."""

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
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("request_", ["list", "read"])
@pytest.mark.parametrize(
    ("scheme", "status", "code", "reason"),
    [
        ("s3", 401, "", "access is denied"),
        ("s3", 403, "AccessDenied", "access is denied"),
        ("s3", 403, "", "access is denied"),
        ("s3", 403, "InvalidAccessKeyId", "the credentials are not valid"),
        ("s3", 403, "SignatureDoesNotMatch", "the credentials are not valid"),
        ("s3", 404, "NoSuchBucket", "there is no such bucket"),
        ("s3", 301, "PermanentRedirect", "it is in another region. Set AWS_REGION"),
        ("gs", 401, "AuthenticationRequired", "access is denied"),
        ("gs", 403, "AccessDenied", "access is denied.* GOOGLE_APPLICATION_CREDENTIALS"),
        ("gs", 404, "NoSuchBucket", "there is no such bucket"),
        ("az", 403, "AuthenticationFailed", "the credentials are not valid"),
        ("az", 403, "AuthorizationPermissionMismatch", "access is denied.* list the container"),
        ("az", 404, "ContainerNotFound", "there is no such container"),
        ("az", 401, "NoAuthenticationInformation", "no credentials were found"),
    ],
)
def test_reaching__names_the_reason_and_the_remedy(
    request_: str,
    scheme: str,
    status: int,
    code: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with answering(status, code) as port:
        for name, value in VARIABLES[scheme].items():
            monkeypatch.setenv(name, value.format(url=f"http://me:secret@127.0.0.1:{port}"))
        bucket = Bucket(scheme, "faces")

        with pytest.raises(ObjectStoreError, match=rf"{scheme}://faces/.*{reason}") as refused:
            bucket.check_reach("runs") if request_ == "list" else bucket.read("a", "tag")

    assert "secret" not in str(refused.value)


def test_service__az_names_the_variable_of_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(ObjectStoreError, match=r"set\. Set AZURE_STORAGE_ACCOUNT_NAME"):
        Location.of("az://faces/runs").exists()


@pytest.mark.parametrize(
    ("scheme", "variable", "value", "reason"),
    [
        ("s3", "AWS_TIMEOUT", "soon", "AWS_TIMEOUT is not a time; .* e.g. 300s"),
        ("gs", "GOOGLE_TIMEOUT", "soon", "GOOGLE_TIMEOUT is not a time"),
        ("gs", "GOOGLE_APPLICATION_CREDENTIALS", "/no/file", "cannot be opened"),
        ("az", "AZURE_TIMEOUT", "soon", "AZURE_TIMEOUT is not a time"),
        ("az", "AZURE_STORAGE_ACCOUNT_KEY", "no base64", "the credentials are not valid"),
        ("az", "AZURE_STORAGE_SAS_TOKEN", "no pairs", "the credentials are not valid"),
        ("az", "AZURE_ALLOW_HTTP", "false", "has no TLS.* AZURE_ALLOW_HTTP=true"),
    ],
)
def test_reaching__names_a_variable_that_cannot_be_used(
    scheme: str, variable: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, usual in VARIABLES[scheme].items():
        monkeypatch.setenv(name, usual.format(url="http://127.0.0.1:9"))
    if variable in CREDENTIALS:
        for name in CREDENTIALS:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)

    with pytest.raises(ObjectStoreError, match=reason):
        Bucket(scheme, f"faces-{variable}").check_reach("runs")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gcs://faces/runs", "expected a folder, s3://.*Did you mean gs://faces/runs?"),
        ("https://account.blob.core.windows.net/faces", r"az://container/prefix\.$"),
        ("file:///data/faces", r"az://container/prefix\.$"),
    ],
)
def test_in_bucket__refuses_other_urls(url: str, message: str) -> None:
    with pytest.raises(PlaceError, match=f"{re.escape(url)} is a URL .*{message}"):
        in_bucket(url)
