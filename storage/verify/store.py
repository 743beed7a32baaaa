"""Verification of a store: every chunk of a version read, and what belongs together compared."""

import logging
import os
import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import icechunk
import numpy as np
import xarray as xr

from zpoints.storage.arrays.groups import READERS, group_names
from zpoints.storage.backend.location import Location, reaching
from zpoints.storage.errors import SchemaError, StoreError, StoreNotFoundError
from zpoints.storage.schema.registry import family, label_variables
from zpoints.storage.store import Store, open_store
from zpoints.storage.verify.chunks import (
    Check,
    Chunk,
    Finding,
    check_file,
    chunk_files,
    chunks_of,
    older_chunks,
    reason,
)

# Zarr reads the metadata of a group in many tasks. When one fails the others are forgotten, and
# asyncio prints the traceback of each, some time later.
logging.getLogger("asyncio").addFilter(lambda it: "_getitem_semaphore" not in it.getMessage())

MADE_FROM: Mapping[str, str] = {
    "latents": "images",
    "statistics": "latents",
    "structure": "latents",
    "samples": "statistics",
}
"""For each kind of group the one whose dims its own must match."""

WHOLE = 100.0
NOT_CURRENT = "it was made from groups that have changed since; `zpoints run` makes it anew."

BATCH = 1024
"""Checks handed to the threads at once: their bookkeeping stays small in stores of any size."""


@dataclass(frozen=True)
class Verification:
    """What a verification read and found.

    Attributes
    ----------
    version
        The version that was verified; `None` if the store could not be opened.
    chunks
        Chunks of this version that were read.
    bytes
        Size in memory of all that was read.
    findings
        Damage, mismatches and notes.
    """

    version: str | None
    chunks: int
    bytes: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged and nothing disagrees; notes do not count."""
        return all(finding.kind == "note" for finding in self.findings)


def verify(
    root: str | os.PathLike[str],
    *,
    version: str | None = None,
    sample: float = WHOLE,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Read a version of a store back, and list every fault rather than stop at the first.

    Every chunk of every array must exist, have its checksum and decode. Groups that were made
    from one another must agree: lengths, labels row by row, counts, the model's SHA-256. A
    verification of the whole also looks beyond the version: the chunks of older versions must
    exist, and in a local store every chunk file must have its checksum, whichever version uses it.

    Parameters
    ----------
    root
        A local path or `s3://bucket/prefix`.
    version
        Id of a published version; the newest one by default.
    sample
        Percentage of the chunks of each array to read, at least one chunk; below 100, nothing
        beyond the version is looked at.
    seed
        Chooses those chunks.
    on_progress
        Called with the chunks and files that are done, and with their total.

    Returns
    -------
    Verification
        Holds the findings. Meanwhile one chunk per thread and the labels are in memory.

    Raises
    ------
    StoreNotFoundError
        If there is no store at `root`, or no such version.
    SchemaError
        If a newer zpoints wrote the store.
    StoreError
        If `sample` is not a percentage.
    """
    if not 0 < sample <= WHOLE:
        raise StoreError(f"A sample of {sample} %: expected a percentage above 0, up to 100.")
    location = Location.of(root)
    if not _remains(location) and not location.exists():
        location.open()  # says that there is no store
    with _quiet():
        try:
            repository, store = _open(location, version)
            session = repository.readonly_session(snapshot_id=store.version)
            groups = group_names(session)
        except (StoreNotFoundError, SchemaError):
            raise
        except Exception as error:
            return Verification(None, 0, 0, (_unreadable(location.root, error),))
        chunks, findings = _choose(session, groups, sample, random.Random(seed))
        checks: list[Check] = [chunk.read for chunk in chunks]
        if sample == WHOLE:
            beyond, unreadable = _beyond(location, repository, store)
            checks += beyond
            findings += unreadable
        size, faults = _run(checks, on_progress)
        findings += dict.fromkeys(faults)
        findings += _disagreements(store, groups, findings)
    return Verification(store.version, len(chunks), size, tuple(findings))


@contextmanager
def _quiet() -> Iterator[None]:
    # Icechunk logs a page about what it cannot read, and Zarr warns; here that is a finding.
    icechunk.set_logs_filter("off")
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        icechunk.set_logs_filter("error")


def _remains(location: Location) -> bool:
    """Whether there was a local store, even if Icechunk finds none for want of its main branch."""
    return location.is_local and Path(location.root, "snapshots").is_dir()


def _open(location: Location, version: str | None) -> tuple[icechunk.Repository, Store]:
    """Open anew, since an open repository remembers manifests that may be damaged by now."""
    with reaching(location.root):
        repository = icechunk.Repository.open(location.storage())
        # To Zarr an unreadable snapshot is an empty group, so Icechunk is asked first.
        repository.lookup_snapshot(repository.lookup_branch("main"))
    return repository, open_store(location.root, version=version)


def _unreadable(place: str, error: Exception) -> Finding:
    """The finding for whatever damaged metadata leads Icechunk, Zarr or xarray to."""
    prefix = "" if isinstance(error, StoreError) else "it cannot be read: "
    return Finding("damage", place, f"{prefix}{reason(error)}.")


def _choose(
    session: icechunk.Session, groups: Sequence[str], sample: float, generator: random.Random
) -> tuple[list[Chunk], list[Finding]]:
    """The chunks to read, and groups that do not say which they have."""
    chosen: list[Chunk] = []
    findings: list[Finding] = []
    for group in groups:
        try:
            for chunks in chunks_of(session, group):
                count = min(len(chunks), max(1, round(len(chunks) * sample / WHOLE)))
                chosen += [chunks[k] for k in sorted(generator.sample(range(len(chunks)), count))]
        except Exception as error:
            findings.append(_unreadable(group, error))
    return chosen, findings


def _beyond(
    location: Location, repository: icechunk.Repository, store: Store
) -> tuple[list[Check], list[Finding]]:
    """Checks of older versions and of all chunk files."""
    files = chunk_files(location.root) if location.is_local else []
    checks: list[Check] = [partial(check_file, path) for path in files]
    try:
        versions = [version.id for version in store.history()]
        older = list(older_chunks(repository, versions, store.version))
    except Exception as error:
        return checks, [_unreadable("history", error)]
    return [*checks, *(chunk.find for chunk in older)], []


def _run(
    checks: Sequence[Check], on_progress: Callable[[int, int], None] | None
) -> tuple[int, list[Finding]]:
    """Make the checks in threads: reading and checksums leave the interpreter lock to others."""
    size, done, findings = 0, 0, []
    pool = ThreadPoolExecutor(READERS)
    try:
        for start in range(0, len(checks), BATCH):
            for read, finding in pool.map(lambda check: check(), checks[start : start + BATCH]):
                size, done = size + read, done + 1
                if finding:
                    findings.append(finding)
                if on_progress:
                    on_progress(done, len(checks))
    finally:
        pool.shutdown(cancel_futures=True)
    return size, findings


def _disagreements(store: Store, names: Sequence[str], found: Sequence[Finding]) -> list[Finding]:
    """What the groups of a version say of one another, as far as they can be read."""
    findings: list[Finding] = []
    groups: dict[str, xr.Dataset] = {}
    damaged = {place for f in found for place in (f.place, f.place.rpartition("/")[0])}

    @contextmanager
    def listing(group: str) -> Iterator[None]:
        try:
            yield
        except SchemaError as error:
            findings.append(Finding("mismatch", group, str(error)))
        except Exception as error:
            if group not in damaged:
                findings.append(_unreadable(group, error))

    for name in names:
        with listing(name):
            groups[name] = store.group(name)
    for name in groups:
        with listing(name):
            findings.extend(_compare(store, name, groups))
    return findings


def _compare(store: Store, group: str, groups: Mapping[str, xr.Dataset]) -> Iterator[Finding]:
    """What disagrees within a group, and with the group that it was made from."""
    dataset, kind = groups[group], family(group)
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
    for name, label in label_variables(images).items():
        if name not in latents.variables:
            continue
        differs = np.asarray(latents[name].values != label.values)
        wrong = np.flatnonzero(differs.reshape(len(differs), -1).any(axis=1))
        if len(wrong):
            fault = (
                f"differs from that of images in {len(wrong):,} rows, first in row {wrong[0]:,}."
            )
            yield Finding("mismatch", f"latents/{name}", fault)


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
