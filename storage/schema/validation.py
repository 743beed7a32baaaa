"""Checks datasets against the registry of variables, and versions of the schema."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from zpoints.storage.errors import SchemaError
from zpoints.storage.schema.provenance import provenance_of
from zpoints.storage.schema.registry import (
    LABELLED,
    OPEN,
    REQUIRED_ATTRS,
    SCHEMA_VERSION,
    VARIABLES,
    find_variable,
    is_named,
    kind_of,
)


def is_text(dtype: Any) -> bool:
    """Whether a dtype holds text: fixed-width, variable-length or Python strings."""
    return np.dtype(dtype).kind in "OUT"


def _disagreements(group: str, dataset: xr.Dataset) -> Iterator[str]:
    for name, array in dataset.variables.items():
        known = find_variable(group, str(name), array)
        is_label = array.dims == ("image",) and not is_named(str(name))
        if known is None and is_label and kind_of(group) in LABELLED:
            kinds = ", ".join(sorted(set(OPEN.values())))
            yield f"{name} has dtype {array.dtype}, expected that of a label ({kinds})"
            continue
        if known is None:
            yield f"{name} is not in the registry"
            continue
        if tuple(array.dims) != known.dims:
            yield f"{name} has dims {array.dims}, expected {known.dims}"
        same = is_text(array.dtype) if known.dtype == "str" else array.dtype == known.dtype
        if not same:
            yield f"{name} has dtype {array.dtype}, expected {known.dtype}"
    inputs = provenance_of(dataset.attrs).get("inputs") or {}  # empty: not recorded
    for name, variable in VARIABLES[kind_of(group)].items():
        stored, source = name in dataset.variables, variable.made_with
        made = not source or source in inputs
        if variable.required and made and not stored:
            yield f"{name} {variable.dims} {variable.dtype} is missing"
        if stored and not made and inputs:
            yield f"{name} follows from the group {source}, without which {group} was made"
    for name in REQUIRED_ATTRS[kind_of(group)]:
        if name not in dataset.attrs:
            yield f"the attribute {name} is missing"


def validate(group: str, dataset: xr.Dataset) -> None:
    """Check a dataset against the registry.

    Parameters
    ----------
    group
        Name of the group, e.g. `latents` or `samples/ellipse`.
    dataset
        The dataset, before it is written or after it was opened.

    Raises
    ------
    SchemaError
        If variables or attributes are unknown or missing or have other dims or dtypes, all of
        which the message lists, or if another schema wrote the dataset.
    """
    check_schema_version(group, dataset.attrs.get("schema_version", SCHEMA_VERSION))
    problems = list(_disagreements(group, dataset))
    if problems:
        raise SchemaError(
            f"The group {group} disagrees with the registry of variables "
            "(storage/schema/registry.py): " + "; ".join(problems) + "."
        )


def check_schema_version(subject: str, version: Any) -> None:
    """Refuse a store or group of another schema than this one.

    Raises
    ------
    SchemaError
        If `version` is not `SCHEMA_VERSION`.
    """
    if version == SCHEMA_VERSION:
        return
    older = isinstance(version, int) and version < SCHEMA_VERSION
    repair = (
        "Make it again with `zpoints run PRESET --root NEW`, where PRESET is its configuration and "
        "NEW a new folder; nothing is deleted."
        if older
        else "Install a newer zpoints to read it."
    )
    raise SchemaError(
        f"{subject} has schema version {version}; expected {SCHEMA_VERSION}, the only one that "
        f"this zpoints knows. {repair}"
    )
