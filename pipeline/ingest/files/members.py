"""Members of an archive, arranged as the files of a folder."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from zpoints.pipeline.ingest.files.listed_path import Entry, parent_key

LONGEST_PATH = 4096  # characters, as on Linux
LINKS = 40
"""Links that are followed one after another, as on Linux."""


@dataclass(frozen=True)
class Member:
    """A file or link in an archive.

    Attributes
    ----------
    name
        Its path as the archive gives it.
    entry
        What reading it takes; None for a link.
    target
        For a link, the path that it leads to: from the top of the archive for a hard link, from the
        folder of the link for a symbolic one.
    symbolic
        Whether it is a symbolic link.
    """

    name: str
    entry: Entry | None
    target: str = ""
    symbolic: bool = False


@dataclass(frozen=True)
class Contents:
    """The files in an archive, by folder.

    Attributes
    ----------
    stamp
        Of the archive when it was listed.
    folders
        For each folder, ``""`` for the top, its files by name and the keys of its subfolders.
    outside
        Names that are left out, since they are not paths in the archive.
    repeated
        Names that are left out, since a later member has the same.
    """

    stamp: str
    folders: Mapping[str, tuple[Mapping[str, Entry], Sequence[str]]]
    outside: tuple[str, ...]
    repeated: tuple[str, ...]


def arranged(members: Iterable[Member], stamp: str) -> Contents:
    """Arrange members by folder; of those with one name the last counts, as when unpacked."""
    files: dict[str, Member] = {}
    outside, repeated = [], []
    for member in members:
        path = inner_path(member.name)
        if path is None:
            outside.append(member.name)
            continue
        if path in files:
            repeated.append(path)
        files[path] = member
    folders: dict[str, tuple[dict[str, Entry], list[str]]] = {"": ({}, [])}
    for path in files:
        entry = _followed(path, files)
        readable = path.encode(errors="backslashreplace").decode()
        if readable != path:
            reason = "the file's name is not UTF-8; pack the archive again with another name"
            entry = replace(entry, reason=reason)
        _add_folders(folders, parent_key(readable))
        folders[parent_key(readable)][0][readable.rpartition("/")[2]] = entry
    return Contents(stamp, folders, tuple(outside), tuple(repeated))


def inner_path(name: str) -> str | None:
    """Path of a member with slashes, relative to the archive; None if the name is not such a path.

    Examples
    --------
    >>> [inner_path(name) for name in ("./a/1.jpg", "/a/1.jpg", "a\\\\1.jpg", "a/../../1.jpg")]
    ['a/1.jpg', 'a/1.jpg', 'a/1.jpg', None]
    """
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts or len(name) > LONGEST_PATH:
        return None
    return "/".join(parts)


def _followed(path: str, files: Mapping[str, Member]) -> Entry:
    """The entry of a file, or of the file to which a link leads."""
    member, at = files[path], path
    for _ in range(LINKS):
        if member.entry is not None:
            return member.entry
        if member.symbolic:
            at = posixpath.normpath(posixpath.join(posixpath.dirname(at), member.target))
        else:
            at = inner_path(member.target) or ""
        if at not in files:
            break
        member = files[at]
    reason = "the link leads to no file in the archive; pack the archive with the file in its place"
    return Entry("", 0, f"link-{files[path].target}", reason)


def _add_folders(folders: dict[str, tuple[dict[str, Entry], list[str]]], key: str) -> None:
    """Add a folder and those around it."""
    missing = []
    while key not in folders:
        missing.append(key)
        key = parent_key(key)
    for inner in reversed(missing):
        folders[inner] = ({}, [])
        folders[parent_key(inner)][1].append(inner)
