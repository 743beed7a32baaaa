"""Where a group comes from: one attribute of the group."""

from collections.abc import Mapping
from typing import Any

import xarray as xr

from zpoints.storage.schema.attributes import nested

PROVENANCE = "provenance"
"""The attribute; its value is an object, in datasets as JSON."""
IMPORT = "import"
"""The stage that stores vectors that were made elsewhere."""


def provenance_of(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """What a group records of its making; empty if it records nothing.

    Parameters
    ----------
    attrs
        Attributes of a group, as of `Store.latents`.

    Returns
    -------
    dict
        At least `stage`, `fingerprint`, `lineage` (shared with the versions that the group grew
        from) and `inputs` (the groups it was made from) of every stored group.

    Examples
    --------
    >>> provenance_of({"schema_version": 2, "provenance": '{"stage": "encode"}'})["stage"]
    'encode'
    """
    return nested(attrs, PROVENANCE)


def were_imported(latents: xr.Dataset) -> bool:
    """Whether vectors were made elsewhere, so that no network of the store codes them.

    Parameters
    ----------
    latents
        The group `latents`.

    Examples
    --------
    >>> were_imported(xr.Dataset(attrs={"provenance": {"stage": "encode"}}))
    False
    """
    return provenance_of(latents.attrs).get("stage") == IMPORT
