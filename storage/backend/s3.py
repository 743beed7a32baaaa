"""Reads objects of S3 buckets and explains why a bucket cannot be reached."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from zpoints.storage.backend.interpreter_exit import NATIVE_CALLS
from zpoints.storage.errors import ObjectStoreError

SCHEME = "s3://"
CLIENT: Mapping[str, Any] = {"connect_timeout": "5s"}
RETRIES: Any = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
"""obstore gives up on a server after about a minute, unless AWS_TIMEOUT is longer."""
REQUEST_SECONDS = "30s"
"""Time limit of one request. It is also Icechunk's default, and AWS_TIMEOUT changes both."""

CREDENTIALS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN if needed)"
NO_BUCKET = "there is no such bucket. Create it, or correct its name."
INVALID_CREDENTIALS = f"the credentials are not valid. Correct {CREDENTIALS}."
ACCESS_DENIED = (
    "access is denied. Ask for permission to list the bucket and to read its objects (for a store "
    f"also to write and delete them), or set other credentials in {CREDENTIALS}."
)
OTHER_REGION = "it is in another region. Set AWS_REGION to that region."

REASON_OF_CODE: Mapping[str, str] = {
    "NoSuchBucket": NO_BUCKET,
    "InvalidAccessKeyId": INVALID_CREDENTIALS,
    "SignatureDoesNotMatch": INVALID_CREDENTIALS,
    "ExpiredToken": INVALID_CREDENTIALS,
    "InvalidToken": INVALID_CREDENTIALS,
    "PermanentRedirect": OTHER_REGION,
}
"""Reasons by the error code in S3's response. obstore's exceptions do not tell them apart: it puts
the code into the text alone."""

REASON_OF_TEXT: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("169.254.169.254",),  # the address of Amazon's machines that gives them credentials
        f"no credentials were found. Set {CREDENTIALS}; AWS_SKIP_SIGNATURE=true for a public "
        "bucket.",
    ),
    (("AccessDenied", "403 Forbidden", "401 Unauthorized"), ACCESS_DENIED),
    (("301 Moved", "configured region"), OTHER_REGION),
    (
        ("builder error",),
        "the endpoint has no TLS. Use one with https://, or set AWS_ALLOW_HTTP=true.",
    ),
    (
        ("error sending request", "timed out"),
        "the server does not answer. Check that it is running and reachable, and that "
        "AWS_ENDPOINT_URL and AWS_REGION name it; on a slow connection allow more time per "
        "request, e.g. AWS_TIMEOUT=300s.",
    ),
)
"""Reasons by texts of obstore's GenericError, the first that occurs. It raises that for requests
that get no response, and for every failure of a listing, also where a request for one object raises
PermissionDeniedError or UnauthenticatedError."""


IRREGULAR = ("invalid path", "empty path segment", "illegal character sequence")
"""Texts of obstore's errors about keys that it cannot express, of which one fails a whole page."""


class IrregularKeyError(ObjectStoreError):
    """A listing holds a key with an empty part, ``.``, ``..`` or a control character."""


@dataclass(frozen=True)
class S3Server:
    """The server that holds the buckets; credentials are read by the libraries alone.

    Attributes
    ----------
    endpoint
        Its URL; None for Amazon's.
    region
        AWS region; None leaves it to the libraries.
    allow_http
        Whether connections without TLS are allowed.
    timeout
        Time limit of one request, e.g. ``30s``.
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
        """The address without user and password, which URLs can hold."""
        if self.endpoint is None:
            return "Amazon S3"
        url = urlsplit(self.endpoint)
        return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"


def s3_store(bucket: str, prefix: str | None = None) -> S3Store:
    """The objects of a bucket whose keys begin with a prefix; sends no request."""
    return _store(bucket, prefix, S3Server.from_environment())


@lru_cache(maxsize=64)
def _store(bucket: str, prefix: str | None, server: S3Server) -> S3Store:
    """One store per process, so that connections are reused."""
    options: dict[str, Any] = {"endpoint": server.endpoint} if server.endpoint else {}
    if server.region:
        options["region"] = server.region
    client: Any = {**CLIENT, "allow_http": server.allow_http, "timeout": server.timeout}
    return S3Store(bucket, prefix=prefix, client_options=client, retry_config=RETRIES, **options)


@dataclass(frozen=True)
class S3Object:
    """An object in a listing.

    Attributes
    ----------
    key
        Its key in the bucket.
    size
        Bytes.
    tag
        Entity tag, which changes with the content.
    """

    key: str
    size: int
    tag: str


@dataclass(frozen=True)
class Bucket:
    """A bucket to read from; small when pickled, since each process finds the server itself.

    All methods raise `ObjectStoreError` if the bucket cannot be read; the message names the remedy.
    """

    name: str

    def folder(self, folder: str) -> tuple[list[S3Object], list[str]]:
        """Objects and folders directly inside a folder.

        Parameters
        ----------
        folder
            Path in the bucket; empty for its top.

        Returns
        -------
        tuple
            Objects `folder/<name>`, without those that only mark a folder, and the sorted paths of
            the folders `folder/<name>`.

        Raises
        ------
        IrregularKeyError
            If the folder holds a key that obstore cannot express.
        """
        with reaching_s3(f"{SCHEME}{self.name}/{folder}"):
            found = obstore.list_with_delimiter(s3_store(self.name), folder or None)
        objects = [_object(meta) for meta in found["objects"] if meta["path"] not in ("", folder)]
        folders = set(found["common_prefixes"])
        if folder in folders:  # at the top, from a key that begins with a slash
            raise _irregular(f"{SCHEME}{self.name}/{folder}", "it begins with a slash")
        return [it for it in objects if it.size or it.key not in folders], sorted(folders)

    def size(self, folder: str) -> int:
        """Bytes of all objects below a folder."""
        with reaching_s3(f"{SCHEME}{self.name}/{folder}"):
            pages = obstore.list(s3_store(self.name), f"{folder}/")
            return sum(int(meta["size"]) for page in pages for meta in page)

    def find(self, key: str) -> S3Object | None:
        """The object with this key; `None` if there is none."""
        try:
            with reaching_s3(f"{SCHEME}{self.name}/{key}"):
                return _object(obstore.head(s3_store(self.name), key))
        except FileNotFoundError:
            return None

    def read(self, key: str, tag: str, start: int = 0, stop: int | None = None) -> bytes:
        """Content of an object, or its bytes from `start` to `stop`.

        Parameters
        ----------
        key
            Key of the object.
        tag
            Entity tag that the object must have.
        start, stop
            Range of bytes; all of them if `stop` is omitted.

        Raises
        ------
        FileNotFoundError
            If there is no such object.
        ObjectStoreError
            If its entity tag is no longer `tag`, or the bucket cannot be read.
        """
        path = f"{SCHEME}{self.name}/{key}"
        options: Any = {"if_match": f'"{tag}"'}
        if stop is not None:
            options["range"] = (start, stop)
        try:
            with reaching_s3(path):
                return bytes(obstore.get(s3_store(self.name), key, options=options).bytes())
        except PreconditionError as error:
            raise ObjectStoreError(
                f"{path} has changed since it was listed; expected an object that does not change "
                "during a run. Run again."
            ) from error


@contextmanager
def reaching_s3(path: str) -> Iterator[None]:
    """Turn failures of the object store into an error that names the object and the remedy.

    Missing, existing and changed objects pass, since callers handle them.
    """
    try:
        with NATIVE_CALLS:
            yield
    except (AlreadyExistsError, PreconditionError):
        raise
    except (BaseError, OSError) as error:
        if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error):
            raise
        if isinstance(error, InvalidPathError) or any(text in str(error) for text in IRREGULAR):
            raise _irregular(path, _first_line(error)) from error
        raise ObjectStoreError(
            f"{path} on {S3Server.from_environment()} cannot be reached: {_reason(error)}"
        ) from error


def _irregular(path: str, reason: str) -> IrregularKeyError:
    return IrregularKeyError(
        f"{path} holds a key with an empty part (//), '.', '..' or a control character ({reason}). "
        "Rename or delete that object."
    )


def check_reach(bucket: str, prefix: str) -> None:
    """List a bucket; raises `ObjectStoreError` with the reason if that fails."""
    with suppress(IrregularKeyError), reaching_s3(f"{SCHEME}{bucket}/{prefix}"):
        obstore.list_with_delimiter(s3_store(bucket), prefix)


def _reason(error: Exception) -> str:
    """Why a request failed, and what to do."""
    text = str(error)
    for code, reason in REASON_OF_CODE.items():
        if code in text:
            return reason
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return ACCESS_DENIED
    for texts, reason in REASON_OF_TEXT:
        if any(part in text for part in texts):
            return reason
    return f"{_first_line(error)}."


def _first_line(error: Exception) -> str:
    return without_userinfo(str(error).strip().splitlines()[0])


def without_userinfo(text: str) -> str:
    """A message without the user names and passwords of its URLs.

    Examples
    --------
    >>> without_userinfo("GET http://user:p@ss@host:9000/b failed, see user@host")
    'GET http://host:9000/b failed, see user@host'
    """
    return re.sub(r"://[^/\s]*@", "://", text)


def _object(meta: Any) -> S3Object:
    return S3Object(meta["path"], meta["size"], (meta["e_tag"] or "").strip('"'))
