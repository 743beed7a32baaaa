"""What differs between the services that hold buckets."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError
from obstore.store import ObjectStore

if TYPE_CHECKING:
    import icechunk
    from pyarrow.fs import FileSystem

CONNECT_SECONDS = 5
CLIENT: Mapping[str, Any] = {"connect_timeout": f"{CONNECT_SECONDS}s"}
RETRY_TIME = timedelta(seconds=60)
RETRIES: Any = {"max_retries": 5, "retry_timeout": RETRY_TIME}
"""obstore gives up on a server after about a minute, unless a request may take longer."""
REQUEST_SECONDS = "30s"
"""Time limit of one request, also Icechunk's default; AWS_TIMEOUT and the like change both."""
IMDS = "169.254.169.254"
"""The address at which a cloud's machines get credentials, asked where no others are set."""


@dataclass(frozen=True)
class Reasons:
    """Why requests fail at a service, and what to do; the first reason that fits is shown.

    Attributes
    ----------
    of_code
        By the code in the service's answer. obstore's exceptions do not tell them apart: it puts
        the code into the text alone.
    denied
        Of obstore's exceptions for denied access.
    of_text
        By texts of obstore's GenericError. It raises that for requests that get no response, and
        for every failure of a listing, also where a request for one object raises
        PermissionDeniedError or UnauthenticatedError.
    """

    of_code: Mapping[str, str]
    denied: str
    of_text: tuple[tuple[tuple[str, ...], str], ...]

    def find(self, error: Exception) -> str | None:
        """The reason of an error of obstore; `None` if it is not known."""
        text = str(error)
        for code, reason in self.of_code.items():
            if code in text:
                return reason
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            return self.denied
        for texts, reason in self.of_text:
            if any(part in text for part in texts):
                return reason
        return None


class Service(ABC):
    """A service of buckets as the environment describes it; the libraries read the credentials.

    `str` gives its name for messages, without user and password, which addresses can hold.
    Services with the same settings are equal.
    """

    secrets: ClassVar[tuple[str, ...]]
    """Variables of the environment whose values must not be shown."""
    no_bucket: ClassVar[str]
    """Code in an answer about a bucket that does not exist."""
    reasons: ClassVar[Reasons]
    lists_deeply: ClassVar[bool] = True
    """Whether PyArrow can list all keys of a folder at any depth, irregular ones among them."""

    @classmethod
    @abstractmethod
    def from_environment(cls) -> "Service":
        """Read the usual environment variables of the service."""

    @abstractmethod
    def objects(self, bucket: str, prefix: str | None) -> ObjectStore:
        """The objects of a bucket whose keys begin with a prefix; sends no request."""

    @abstractmethod
    def storage(self, bucket: str, prefix: str) -> "icechunk.Storage":
        """Icechunk's access to the same; sends no request."""

    @abstractmethod
    def file_system(self) -> "FileSystem":
        """PyArrow's access to all buckets, for keys that obstore cannot express; loads an SDK."""

    def tag(self, meta: Any) -> str | None:
        """What identifies the content of an object in writes on condition."""
        return meta["e_tag"]

    def condition(self, tag: str) -> Any:
        """The condition of a write that an object still has a tag."""
        return {"e_tag": tag}


def is_set(variable: str) -> bool:
    """Whether a variable of the environment is one of the texts for true."""
    return os.environ.get(variable, "").lower() in ("1", "true", "yes", "on", "y")


def address(url: str) -> str:
    """Scheme and host of a URL, without the user and password that it can hold."""
    return f"{urlsplit(url).scheme}://{host_of(url)}"


def host_of(url: str) -> str:
    """Host and port of a URL."""
    return urlsplit(url).netloc.rpartition("@")[2]


def denied(bucket: str, credentials: str) -> str:
    """The reason for denied access, and what to do."""
    return (
        f"access is denied. Ask for permission to list the {bucket} and to read its objects (for "
        f"a store also to write and delete them), or set other credentials in {credentials}."
    )


def no_time(variable: str) -> str:
    """The reason where a time limit cannot be read, and what to do."""
    return f"{variable} is not a time; expected a number with a unit, e.g. 300s."


def silent(check: str, variable: str) -> str:
    """The reason where no response comes, and what to do."""
    return (
        f"the server does not answer. Check that it is running and reachable, and that {check}; "
        f"on a slow connection allow more time per request, e.g. {variable}=300s."
    )


NO_TIME = ("as Duration",)
NO_RESPONSE = ("error sending request", "timed out")
DENIED = ("AccessDenied", "403 Forbidden", "401 Unauthorized")
