"""Branches and tags of a store, whatever else lies in their folder.

Icechunk 1 lists none of them if another program has left a file there, e.g. `.DS_Store`.
"""

import re

from zpoints.storage.backend.blobs import Blobs

FOLDER = "refs"
REF = re.compile(rf"{FOLDER}/(branch|tag)\.([^/]+)/ref\.json")
DELETED = "ref.json.deleted"
"""Name of the file that marks a tag as deleted."""


def branches(root: str) -> list[str]:
    """Sorted names of the branches.

    Parameters
    ----------
    root
        Root of the store.
    """
    return _refs("branch", root)


def tags(root: str) -> list[str]:
    """Sorted names of the tags.

    Parameters
    ----------
    root
        Root of the store.
    """
    return _refs("tag", root)


def _refs(kind: str, root: str) -> list[str]:
    names = set(Blobs(root).names(FOLDER))
    refs = [found for name in names if (found := REF.fullmatch(name)) and found[1] == kind]
    return sorted(it[2] for it in refs if f"{FOLDER}/{kind}.{it[2]}/{DELETED}" not in names)
