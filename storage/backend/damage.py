"""Names the file that an error of Icechunk is about, and the way back."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import icechunk

from zpoints.storage.backend.buckets.bucket import without_userinfo
from zpoints.storage.backend.icechunk_calls import FORMAT_VERSION, format_version, report
from zpoints.storage.errors import StoreError

MAIN_REF = "refs/branch.main/ref.json"
"""Icechunk's pointer to the newest version."""

_PLACES: Mapping[str, str] = {
    r"error in config deserialization": "config.yaml",
    r"cannot serialize ref json(?s:.*?)fetch_branch\s[| ]*with name=\"([^\"]+)\"": (
        "refs/branch.{}/ref.json"
    ),
    r"cannot serialize ref json(?s:.*?)fetch_tag\s[| ]*with name=\"([^\"]+)\"": (
        "refs/tag.{}/ref.json"
    ),
    r"fetch_snapshot\s[| ]*with snapshot_id=(\w+)": "snapshots/{}",
    r"fetch_manifest\s[| ]*with manifest_id=(\w+)": "manifests/{}",
    r"fetch_transaction_log\s[| ]*with transaction_id=(\w+)": "transactions/{}",
}
"""Report of an error of Icechunk, with its list of calls, to the path in the root."""

_NEW_REF = (
    'Restore it from a backup, or write {"snapshot":"ID"} to it with the id of the newest version, '
    "which reports and exports name."
)
_WAYS_BACK: Mapping[str, str] = {
    "config.yaml": (
        "A store needs no such file: move it out of the root. It is read because Icechunk keeps "
        "its settings under this name."
    ),
    MAIN_REF: _NEW_REF,
    "snapshots/": (
        "Restore it from a backup, or run again with a new root. To go on from an older version, "
        f'write {{"snapshot":"ID"}} to {MAIN_REF} with its id, which its reports and exports name.'
    ),
    "": (
        "Restore it from a backup, roll back to a version that does not need it (zpoints verify "
        "--version), or run again with a new root."
    ),
}
"""What to do about a damaged file, by the beginning of its path; the first that fits."""
_REFERRED_TO: Mapping[str, str] = {
    "branch": "unfinished work, which then restarts",
    "tag": "versions that a rollback has left, which the history then lacks",
}
"""What a branch other than `main`, or a tag, points to."""

INVALID = (ValueError, TypeError, KeyError, AttributeError)
"""Errors of Zarr about metadata."""
NO_SPACE = ("No space left on device", "Disk quota exceeded", "StorageFull")
FREE_SPACE = "Free space there and run again, or choose another place; what is published stays."


def explain(root: str, error: BaseException, remedy: str | None = None) -> str:
    """What an error of Icechunk means for a store, and what to do.

    Parameters
    ----------
    root
        Root of the store.
    error
        The error.
    remedy
        What to do about a damaged file; by default it follows from the file.
    """
    text = report(error)
    if "repository doesn't exist" in text:
        return lost_main(root)
    if "v2 format" in text:  # an error of Icechunk 1
        return newer_format(root)
    for fault in NO_SPACE:
        if fault in text:
            return f"The store {root} cannot be written: {fault}. {FREE_SPACE}"
    file = _file(text)
    if file is None:
        return f"The store {root} cannot be read or written: {describe(error)}."
    return f"The store {root} cannot be read: {root}/{describe(error)}. {remedy or _way_back(file)}"


def is_panic(error: BaseException) -> bool:
    """Whether Icechunk panicked, as on some damaged snapshots; no `except Exception` sees that."""
    return type(error).__name__ == "PanicException"  # of a module that cannot be imported


@contextmanager
def metadata_errors(session: icechunk.Session) -> Iterator[None]:
    """Context manager around calls in which Zarr parses metadata; these lie in the snapshot.

    Icechunk 1 does not notice a changed byte of them.

    Raises
    ------
    StoreError
        If they are damaged; the message names the snapshot and what to do.
    """
    try:
        yield
    except BaseException as error:
        # Zarr's errors about absent groups are FileNotFoundErrors as well as ValueErrors.
        missing = isinstance(error, FileNotFoundError)
        if missing or not (isinstance(error, INVALID) or is_panic(error)):
            raise
        file = f"snapshots/{session.snapshot_id}"
        raise StoreError(
            f"The store cannot be read: {file} is damaged ({describe(error)}). {_way_back(file)}"
        ) from error


def lost_main(root: str) -> str:
    """Message about a store whose pointer to the newest version is gone."""
    return (
        f"The store {root} cannot be read: {root}/{MAIN_REF}, which points to its newest version, "
        f"is missing. {_NEW_REF}"
    )


def newer_format(root: str) -> str:
    """Message about a store that was converted to a format which zpoints does not write."""
    return (
        f"The store {root} cannot be used: it has been converted to version 2 of Icechunk's "
        "format; expected version 1, which Icechunk 1 and 2 read. Restore it from a backup made "
        "before."
    )


def refuse_newer_format(root: str, repository: icechunk.Repository) -> None:
    """Refuse a repository that Icechunk 2 has opened and Icechunk 1 could not.

    Parameters
    ----------
    root
        Root of the store.
    repository
        The repository.

    Raises
    ------
    StoreError
        If it is in version 2 of Icechunk's format.
    """
    if format_version(repository) != FORMAT_VERSION:
        raise StoreError(newer_format(root))


def ref_way_back(kind: str, name: str) -> str | None:
    """What to do about a branch or tag whose newest snapshot cannot be read; None for `main`.

    Parameters
    ----------
    kind
        `branch` or `tag`.
    name
        Its name.
    """
    ref = f"refs/{kind}.{name}/ref.json"
    if ref == MAIN_REF:
        return None
    return f"Restore it from a backup, or remove {ref} of {_REFERRED_TO[kind]}."


def describe(error: BaseException) -> str:
    """The file that an error is about with its fault, or the first line of the error.

    User names and passwords in URLs are left out.
    """
    text = without_userinfo(report(error)).strip()
    reason = _reason(text) or type(error).__name__
    file = _file(text)
    if file is None:
        return reason
    if "not found" in reason:
        return f"{file} is missing"
    causes = re.findall(r"`-> (.+)", text)
    return f"{file} is damaged ({causes[-1].strip() if causes else reason})"


def absent(error: BaseException) -> bool:
    """Whether an error means that there is no snapshot of an id, or that the id is malformed."""
    text = report(error)
    return "invalid snapshot id" in text or (
        _file(text) is not None and "not found" in _reason(text)
    )


def _reason(text: str) -> str:
    """First line of an error's text."""
    return (text.splitlines() or [""])[0].strip(" x").rstrip(".")


def _way_back(file: str) -> str:
    """What to do about a damaged file of a store, by its path in the root."""
    ref = re.fullmatch(r"refs/(branch|tag)\.([^/]+)/ref\.json", file)
    of_ref = ref and ref_way_back(*ref.groups())
    return of_ref or next(it for start, it in _WAYS_BACK.items() if file.startswith(start))


def _file(text: str) -> str | None:
    """Path in the root of the file that an error is about, unless only access to it is denied."""
    if "denied" in text:
        return None
    for pattern, path in _PLACES.items():
        if found := re.search(pattern, text):
            return path.format(*found.groups())
    return None
