"""Reads objects of buckets and explains why a bucket cannot be reached."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    PreconditionError,
)
from obstore.store import ObjectStore

from zpoints.storage.backend.buckets.azure import AzureBlobs
from zpoints.storage.backend.buckets.gcs import GoogleCloudStorage
from zpoints.storage.backend.buckets.s3 import S3
from zpoints.storage.backend.buckets.schemes import split_url
from zpoints.storage.backend.buckets.service import Service
from zpoints.storage.backend.interpreter_exit import NATIVE_CALLS
from zpoints.storage.errors import ObjectStoreError

if TYPE_CHECKING:
    import icechunk

SERVICES: Mapping[str, type[Service]] = {"s3": S3, "gs": GoogleCloudStorage, "az": AzureBlobs}
SECRETS = tuple(name for service in SERVICES.values() for name in service.secrets)
"""Variables of the environment whose values never reach a log."""

IRREGULAR = ("invalid path", "empty path segment", "illegal character sequence")
"""Texts of obstore's errors about keys that it cannot express, of which one fails a whole page."""


class IrregularKeyError(ObjectStoreError):
    """A listing holds a key with an empty part, ``.``, ``..`` or a control character."""


@dataclass(frozen=True)
class StoredObject:
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
    """A bucket, or a container of Azure; small when pickled, each process finds the server itself.

    All methods raise `ObjectStoreError` if the bucket cannot be read; the message names the remedy.

    Attributes
    ----------
    scheme
        `s3`, `gs` or `az`.
    name
        Name of the bucket or container.
    """

    scheme: str
    name: str

    @classmethod
    def of(cls, url: str) -> "Bucket":
        """The bucket of a URL with a known scheme."""
        scheme, name, _ = split_url(url)
        return cls(scheme, name)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.name}"

    @property
    def service(self) -> Service:
        """The service that holds it, as the environment describes it now."""
        return SERVICES[self.scheme].from_environment()

    def objects(self, prefix: str | None = None) -> ObjectStore:
        """The objects whose keys begin with a prefix, for obstore; sends no request."""
        return _objects(self.service, self.name, prefix)

    def storage(self, prefix: str) -> "icechunk.Storage":
        """Icechunk's access to a prefix; sends no request."""
        return self.service.storage(self.name, prefix)

    def folder(self, folder: str) -> tuple[list[StoredObject], list[str]]:
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
        with self.reaching(folder):
            found = obstore.list_with_delimiter(self.objects(), folder or None)
        objects = [_object(meta) for meta in found["objects"] if meta["path"] not in ("", folder)]
        folders = set(found["common_prefixes"])
        if folder in folders:  # at the top, from a key that begins with a slash
            raise _irregular(f"{self}/{folder}", "it begins with a slash")
        return [it for it in objects if it.size or it.key not in folders], sorted(folders)

    def size(self, folder: str) -> int:
        """Bytes of all objects below a folder."""
        with self.reaching(folder):
            pages = obstore.list(self.objects(), f"{folder}/")
            return sum(int(meta["size"]) for page in pages for meta in page)

    def find(self, key: str) -> StoredObject | None:
        """The object with this key; `None` if there is none."""
        try:
            with self.reaching(key):
                return _object(obstore.head(self.objects(), key))
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
        options: Any = {"if_match": f'"{tag}"'}
        if stop is not None:
            options["range"] = (start, stop)
        try:
            with self.reaching(key):
                return bytes(obstore.get(self.objects(), key, options=options).bytes())
        except PreconditionError as error:
            raise ObjectStoreError(
                f"{self}/{key} has changed since it was listed; expected an object that does not "
                "change during a run. Run again."
            ) from error

    def check_reach(self, prefix: str) -> None:
        """List a prefix; raises `ObjectStoreError` with the reason if that fails."""
        with suppress(IrregularKeyError), self.reaching(prefix):
            obstore.list_with_delimiter(self.objects(), prefix)

    @contextmanager
    def reaching(self, key: str) -> Iterator[None]:
        """Turn failures into an error that names the object, the reason and the remedy.

        Missing, existing and changed objects pass, since callers handle them.
        """
        service, path = self.service, f"{self}/{key}"
        try:
            with NATIVE_CALLS:
                yield
        except (AlreadyExistsError, PreconditionError):
            raise
        except (BaseError, OSError) as error:
            if isinstance(error, FileNotFoundError) and service.no_bucket not in str(error):
                raise
            if isinstance(error, InvalidPathError) or any(text in str(error) for text in IRREGULAR):
                raise _irregular(path, _first_line(error)) from error
            reason = service.reasons.find(error) or f"{_first_line(error).rstrip('.')}."
            raise ObjectStoreError(f"{path} on {service} cannot be reached: {reason}") from error


@lru_cache(maxsize=64)
def _objects(service: Service, bucket: str, prefix: str | None) -> ObjectStore:
    """One per process, so that connections are reused."""
    return service.objects(bucket, prefix)


def _irregular(path: str, reason: str) -> IrregularKeyError:
    return IrregularKeyError(
        f"{path} holds a key with an empty part (//), '.', '..' or a control character ({reason}). "
        "Rename or delete that object."
    )


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


def _object(meta: Any) -> StoredObject:
    return StoredObject(meta["path"], meta["size"], (meta["e_tag"] or "").strip('"'))
