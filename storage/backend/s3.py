"""Buckets of an S3 server: its address, its objects, and what keeps it from answering."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from zpoints.storage.errors import ObjectStoreError

SCHEME = "s3://"
CLIENT: Mapping[str, Any] = {"connect_timeout": "5s"}
RETRIES: Any = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
"""A server that does not answer is given up within about a minute, unless AWS_TIMEOUT is longer."""
REQUEST_SECONDS = "30s"
"""How long one request may take; Icechunk's default, too, and the same variable changes both."""

CREDENTIALS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN where it is needed)"
REASONS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("NoSuchBucket",), "there is no such bucket. Create it, or correct its name."),
    (
        ("169.254.169.254",),
        f"no credentials were found. Set {CREDENTIALS}; AWS_SKIP_SIGNATURE=true for a public "
        "bucket.",
    ),
    (
        ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
        f"the credentials are not valid. Correct {CREDENTIALS}.",
    ),
    (
        ("AccessDenied", "403 Forbidden", "401 Unauthorized"),
        "access is denied. Ask for permission to list the bucket and to read its objects (for a "
        f"store also to write and delete them), or set other credentials in {CREDENTIALS}.",
    ),
    (("301 Moved", "PermanentRedirect"), "it lies in another region. Set AWS_REGION to that."),
    (
        ("builder error",),
        "the endpoint has no TLS. Use one with https://, or set AWS_ALLOW_HTTP=true.",
    ),
    (
        ("error sending request", "timed out"),
        "the server does not answer. See that it runs and is in reach, and that AWS_ENDPOINT_URL "
        "and AWS_REGION name it; on a slow line let requests take longer, e.g. AWS_TIMEOUT=300s.",
    ),
)
"""Of what the server or the client says, the first words that occur, and what they mean."""


@dataclass(frozen=True)
class S3Server:
    """Which server holds the buckets; credentials stay with the libraries that read them.

    Attributes
    ----------
    endpoint
        Its URL; None is Amazon's.
    region
        None leaves it to the libraries.
    allow_http
        Whether a connection without TLS will do.
    timeout
        How long one request may take, e.g. ``30s``.
    """

    endpoint: str | None
    region: str | None
    allow_http: bool
    timeout: str = REQUEST_SECONDS

    @classmethod
    def from_environment(cls) -> "S3Server":
        """Read the usual AWS variables."""
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        http = os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true", "yes")
        timeout = os.environ.get("AWS_TIMEOUT", REQUEST_SECONDS)
        return cls(endpoint, region or ("us-east-1" if endpoint else None), http, timeout)

    def __str__(self) -> str:
        """The address alone; URLs can hold passwords."""
        if self.endpoint is None:
            return "Amazon S3"
        url = urlsplit(self.endpoint)
        return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"


def s3_store(bucket: str, prefix: str | None = None) -> S3Store:
    """The objects of a bucket whose keys begin with a prefix; touches nothing."""
    return _store(bucket, prefix, S3Server.from_environment())


@lru_cache(maxsize=64)
def _store(bucket: str, prefix: str | None, server: S3Server) -> S3Store:
    """One per process, so that connections are used again."""
    options: dict[str, Any] = {"endpoint": server.endpoint} if server.endpoint else {}
    if server.region:
        options["region"] = server.region
    client: Any = {**CLIENT, "allow_http": server.allow_http, "timeout": server.timeout}
    return S3Store(bucket, prefix=prefix, client_options=client, retry_config=RETRIES, **options)


@dataclass(frozen=True)
class S3Object:
    """What a listing says of an object.

    ``tag`` is its entity tag, which changes with its content; ``size`` is in bytes.
    """

    key: str
    size: int
    tag: str


@dataclass(frozen=True)
class Bucket:
    """Objects to read; small enough to travel in a task, where it finds the server anew.

    Every method raises `ObjectStoreError`, with the remedy, where the bucket cannot be read.
    """

    name: str

    def folder(self, folder: str) -> tuple[list[S3Object], list[str]]:
        """Objects whose keys are `folder/<name>`, and the folders `folder/<name>` beside them.

        An empty text is the top of the bucket. Objects that only stand for a folder are left out.
        """
        with reaching_s3(f"{SCHEME}{self.name}/{folder}"):
            found = obstore.list_with_delimiter(s3_store(self.name), folder or None)
        objects = [_object(meta) for meta in found["objects"] if meta["path"] not in ("", folder)]
        folders = set(found["common_prefixes"])
        return [it for it in objects if it.size or it.key not in folders], sorted(folders)

    def find(self, key: str) -> S3Object | None:
        """The object of this key; `None` if there is none."""
        try:
            with reaching_s3(f"{SCHEME}{self.name}/{key}"):
                return _object(obstore.head(s3_store(self.name), key))
        except FileNotFoundError:
            return None

    def read(self, key: str, tag: str, start: int = 0, stop: int | None = None) -> bytes:
        """The content of an object, or its bytes from `start` to `stop`.

        Raises
        ------
        FileNotFoundError
            If there is no such object.
        ObjectStoreError
            Also if its entity tag is not `tag` any more.
        """
        place = f"{SCHEME}{self.name}/{key}"
        options: Any = {"if_match": f'"{tag}"'}
        if stop is not None:
            options["range"] = (start, stop)
        try:
            with reaching_s3(place):
                return bytes(obstore.get(s3_store(self.name), key, options=options).bytes())
        except PreconditionError as error:
            raise ObjectStoreError(
                f"{place} has changed since it was listed. Expected an object that stays as it is "
                "during a run; run again."
            ) from error


@contextmanager
def reaching_s3(place: str) -> Iterator[None]:
    """Turn failures of the object store into an error that names the place and the remedy.

    What a caller can expect passes: an object that is missing, exists, or has another tag.
    """
    try:
        yield
    except (AlreadyExistsError, PreconditionError):
        raise
    except (BaseError, OSError) as error:
        if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error):
            raise
        raise ObjectStoreError(
            f"{place} on {S3Server.from_environment()} cannot be reached: {_reason(error)}"
        ) from error


def check_reach(bucket: str, prefix: str) -> None:
    """Look into a bucket; raises `ObjectStoreError`, which says what is wrong, if that fails."""
    with reaching_s3(f"{SCHEME}{bucket}/{prefix}"):
        obstore.list_with_delimiter(s3_store(bucket), prefix)


def _reason(error: Exception) -> str:
    text = str(error)
    for words, reason in REASONS:
        if any(word in text for word in words):
            return reason
    return f"{without_userinfo(text.strip().splitlines()[0])}."


def without_userinfo(text: str) -> str:
    """A message with the user and the password taken out of its URLs.

    Examples
    --------
    >>> without_userinfo("GET http://user:p@ss@host:9000/b failed, see user@host")
    'GET http://host:9000/b failed, see user@host'
    """
    return re.sub(r"://[^/\s]*@", "://", text)


def _object(meta: Any) -> S3Object:
    return S3Object(meta["path"], meta["size"], (meta["e_tag"] or "").strip('"'))
