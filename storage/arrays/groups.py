"""Opens groups of a store as xarray datasets."""

from collections.abc import Hashable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

import icechunk
import pandas as pd
import xarray as xr
import zarr
from dask.base import tokenize

from zpoints.storage.arrays.lazy import lazy
from zpoints.storage.backend.damage import metadata_errors
from zpoints.storage.errors import SchemaError, StoreError, StoreNotFoundError, did_you_mean
from zpoints.storage.labels.dataset import LabelledDataset
from zpoints.storage.schema.array_names import label_name
from zpoints.storage.schema.attributes import as_netcdf
from zpoints.storage.schema.description import in_order
from zpoints.storage.schema.provenance import IMPORT, provenance_of
from zpoints.storage.schema.registry import NAMED_KINDS, find_variable
from zpoints.storage.schema.validation import is_text, validate

EAGER_BYTES = 64 * 2**20
"""Data variables above this size open lazily, whatever the registry says."""
DATES = xr.coders.CFDatetimeCoder(time_unit="us")
"""Decodes dates to microseconds; nanoseconds end in 1677 and 2262."""
OF_A_NETWORK = ("images", "model")
"""Groups that vectors made elsewhere need not have."""
NAMES = 6
"""Names in a folder that a message lists."""
READERS = 8
"""Threads that read labels; in a bucket each of some fifty labels takes a round trip."""


def group_attrs(session: icechunk.Session, group: str) -> dict[str, Any]:
    """Attributes of a group; empty if there is none."""
    try:
        with metadata_errors(session):
            return dict(zarr.open_group(session.store, path=group, mode="r").attrs)
    except (FileNotFoundError, zarr.errors.GroupNotFoundError):
        return {}


def open_group(session: icechunk.Session, group: str) -> LabelledDataset:
    """Open a group: labels and small variables in memory, big arrays as lazy Dask arrays.

    Attributes that are objects are JSON texts, see `zpoints.storage.schema.attributes`.

    Raises
    ------
    StoreNotFoundError
        If there is no such group.
    SchemaError
        If the group disagrees with the registry.
    """
    try:
        with metadata_errors(session):
            dataset = xr.open_zarr(
                session.store,
                group=group,
                consolidated=False,
                chunks=None,
                create_default_indexes=False,  # they would read the coordinates one by one
                decode_times=DATES,
            )
    except (FileNotFoundError, zarr.errors.GroupNotFoundError) as error:
        raise _no_such_group(session, group) from error
    dataset = _named_by_labels(group, dataset)
    validate(group, dataset)
    known = {name: find_variable(group, str(name), v) for name, v in dataset.variables.items()}
    big = {
        str(name): lazy(
            variable,
            zarr.open_array(session.store, path=f"{group}/{name}", mode="r"),
            f"open-{name}-{tokenize(variable._data)}",
        )
        for name, variable in dataset.variables.items()
        if (entry := known[name]) and not entry.label
        if entry.lazy or variable.nbytes > EAGER_BYTES
    }
    small = dataset.drop_vars(big)
    _load(group, small)
    variables = {str(name): _indexable(name, v) for name, v in small.variables.items()}
    data, coords = in_order(group, {**variables, **big})
    return LabelledDataset(data, coords, as_netcdf(dataset.attrs))


def _no_such_group(session: icechunk.Session, group: str) -> StoreNotFoundError:
    names = group_names(session)
    imported = provenance_of(group_attrs(session, "latents")).get("stage") == IMPORT
    remedy = f"`zpoints {'sweep' if group == 'sweep' else 'run'}` makes missing groups; "
    if imported and group in OF_A_NETWORK:
        remedy = (
            "Its vectors were imported, so it has no network, and images only if "
            "`zpoints import VECTORS --images FOLDER` names some; "
        )
    elif imported:
        more = " --set sweep.enabled=true" if group == "sweep" else ""
        remedy = f"`zpoints import VECTORS --root ROOT{more}` makes missing groups; "
    return StoreNotFoundError(
        f"This version of the store has no group {group}.{did_you_mean(group, names)} Its groups: "
        f"{', '.join(families(names, group)) or 'none'}. {remedy}`zpoints history` lists other "
        "versions."
    )


def families(names: Iterable[str], wanted: str = "") -> list[str]:
    """Names of groups, those in one folder as a single entry with their number.

    Parameters
    ----------
    names
        The groups.
    wanted
        A group whose folder is listed with its first names.

    Examples
    --------
    >>> families(["latents", "quality/grid", "quality/real", "samples/ellipse"])
    ['latents', 'quality/... (2)', 'samples/ellipse']
    >>> families(["quality/grid", "quality/real"], "quality/reel")
    ['quality/... (2: grid, real)']
    """
    members: dict[str, list[str]] = {}
    for name in names:
        folder, _, inner = name.rpartition("/")
        members.setdefault(folder or name, []).append(inner)
    return [
        _family(folder, inside, listed=wanted.startswith(f"{folder}/"))
        for folder, inside in members.items()
    ]


def _family(folder: str, inside: Sequence[str], *, listed: bool) -> str:
    if inside == [folder]:
        return folder
    if len(inside) == 1:
        return f"{folder}/{inside[0]}"
    more = f", {len(inside) - NAMES} more" if len(inside) > NAMES else ""
    names = f": {', '.join(inside[:NAMES])}{more}" if listed else ""
    return f"{folder}/... ({len(inside)}{names})"


def _indexable(name: Hashable, variable: xr.Variable) -> xr.Variable:
    """Text that becomes an index, as Python's strings.

    Left to itself, pandas copies other text into Arrow, and xarray copies that back.
    """
    if variable.dims != (name,) or not is_text(variable.dtype):
        return variable
    index = pd.Index(variable.values.astype(object), dtype=object)
    return xr.IndexVariable(name, index, variable.attrs, variable.encoding)


def _named_by_labels(group: str, dataset: xr.Dataset) -> xr.Dataset:
    labels = {name: label_name(str(name)) for name in dataset.variables}
    if len(set(labels.values())) < len(labels):
        raise SchemaError(
            f"The group {group} holds two arrays whose names stand for the same label. Expected "
            "one array per label; open an older version, or run the ingest again in a new root."
        )
    return dataset.rename({name: label for name, label in labels.items() if name != label})


def _load(group: str, small: xr.Dataset) -> None:
    """Read variables into memory, in place."""
    with ThreadPoolExecutor(READERS) as pool:
        loads = {pool.submit(v.load): name for name, v in small.variables.items()}
        try:
            for load in as_completed(loads):
                _loaded(load, f"{group}/{loads[load]}")
        finally:
            # The others would wait in turn for a server that no longer answers.
            pool.shutdown(cancel_futures=True)


def _loaded(load: Future[Any], what: str) -> None:
    try:
        load.result()
    except ValueError as error:
        raise StoreError(
            f"{what} is damaged: {error}. Open an older version, or run its stage again."
        ) from error


def group_names(session: icechunk.Session) -> tuple[str, ...]:
    """Sorted names of all groups with arrays, e.g. `("images", "samples/ellipse")`."""
    names: list[str] = []
    with metadata_errors(session):
        for name, group in zarr.open_group(session.store, mode="r").groups():
            inner = [f"{name}/{child}" for child in group.group_keys()]
            names += inner if name in NAMED_KINDS else [name]
    return tuple(sorted(names))
