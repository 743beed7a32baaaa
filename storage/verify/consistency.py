"""Compares groups of a version that were made from one another."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256

import numpy as np
import xarray as xr

from zpoints.storage.errors import SchemaError
from zpoints.storage.schema.provenance import were_imported
from zpoints.storage.schema.registry import kind_of, label_variables
from zpoints.storage.store import Store
from zpoints.storage.verify.chunks import Finding, unreadable

MADE_FROM: Mapping[str, str] = {
    "latents": "images",
    "statistics": "latents",
    "structure": "latents",
    "samples": "statistics",
}
"""For each kind of group, the group whose dims it must share."""

NOT_CURRENT = "it was made from groups that have changed since; the same run computes it again."


def disagreements(store: Store, names: Sequence[str], found: Sequence[Finding]) -> list[Finding]:
    """Disagreements of the groups of a version, as far as they can be read.

    Parameters
    ----------
    store
        The version.
    names
        Its groups.
    found
        Earlier findings; a group that they call damaged is not reported as unreadable again.
    """
    findings: list[Finding] = []
    groups: dict[str, xr.Dataset] = {}
    damaged = {name for f in found for name in (f.subject, f.subject.rpartition("/")[0])}

    @contextmanager
    def reporting(group: str) -> Iterator[None]:
        try:
            yield
        except SchemaError as error:
            findings.append(Finding("mismatch", group, str(error)))
        except Exception as error:
            if group not in damaged:
                findings.append(unreadable(group, error))

    for name in names:
        with reporting(name):
            groups[name] = store.group(name)
    for name in groups:
        with reporting(name):
            findings.extend(_compare(store, name, groups))
    return findings


def _compare(store: Store, group: str, groups: Mapping[str, xr.Dataset]) -> Iterator[Finding]:
    """Disagreements within a group, and with the group that it was made from."""
    dataset, kind = groups[group], kind_of(group)
    if kind == "model":
        yield from _weights(store, dataset)
    if not store.is_current(group):
        yield Finding("note", group, NOT_CURRENT)
        return
    source = MADE_FROM.get(kind, "")
    if source not in groups:
        return
    yield from _dims(group, dataset, source, groups[source])
    if kind == "latents":
        yield from _labels(dataset, groups[source])
    if kind == "statistics":
        yield from _counts(dataset, groups[source])


def _dims(group: str, dataset: xr.Dataset, name: str, source: xr.Dataset) -> Iterator[Finding]:
    for dim in sorted(map(str, set(dataset.sizes) & set(source.sizes))):
        mine, expected = dataset.sizes[dim], source.sizes[dim]
        if mine != expected:
            fault = f"has {mine:,} along {dim}, but {name} has {expected:,}."
            yield Finding("mismatch", group, fault)


def _labels(latents: xr.Dataset, images: xr.Dataset) -> Iterator[Finding]:
    if latents.sizes["image"] != images.sizes["image"]:
        return
    own = {"checksum"} if were_imported(latents) else set()  # of the vectors themselves
    for name, label in label_variables(images).items():
        if name not in latents.variables or name in own:
            continue
        differs = ~_same(latents[name].values, label.values)
        wrong = np.flatnonzero(differs.reshape(len(differs), -1).any(axis=1))
        if len(wrong):
            fault = (
                f"differs from that of images in {len(wrong):,} rows, first in row {wrong[0]:,}."
            )
            yield Finding("mismatch", f"latents/{name}", fault)


def _same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where values are equal, or both missing."""
    same = np.asarray(one == other)
    if one.dtype.kind in "fM" and other.dtype.kind in "fM":
        same |= np.isnan(one) & np.isnan(other)
    return same


def _weights(store: Store, model: xr.Dataset) -> Iterator[Finding]:
    weights, digest = store.array("model", "weights"), sha256()
    for start in range(0, weights.shape[0], weights.chunks[0]):
        digest.update(np.asarray(weights[start : start + weights.chunks[0]]).tobytes())
    if digest.hexdigest() != model.attrs["sha256"]:
        fault = "the weights do not have the SHA-256 that was stored with them."
        yield Finding("mismatch", "model/weights", fault)


def _counts(statistics: xr.Dataset, latents: xr.Dataset) -> Iterator[Finding]:
    counted = statistics["count"].values + statistics["nan_rows"].values
    rows = latents.sizes["image"]
    if (counted != rows).any():
        fault = f"count and nan_rows cover {counted.max():,} vectors, but latents has {rows:,}."
        yield Finding("mismatch", "statistics", fault)
