"""Where a group comes from: one attribute of the group."""

from collections.abc import Mapping
from typing import Any

PROVENANCE = "provenance"
"""The attribute; its value is an object of JSON."""


def provenance_of(attrs: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a group records of its making; empty if it records nothing.

    Parameters
    ----------
    attrs
        Attributes of a group, as of `Store.latents`.

    Returns
    -------
    Mapping
        At least `stage`, `fingerprint`, `lineage` (shared with the versions that the group grew
        from) and `inputs` (the groups it was made from) of every stored group.

    Examples
    --------
    >>> provenance_of({"schema_version": 2, "provenance": {"stage": "encode"}})["stage"]
    'encode'
    """
    found = attrs.get(PROVENANCE, {})
    return found if isinstance(found, Mapping) else {}
