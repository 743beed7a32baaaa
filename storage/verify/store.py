"""Verifies a store: reads every chunk of a version and compares its groups."""

import logging
import os
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import icechunk

from zpoints.storage.arrays.groups import READERS, group_names
from zpoints.storage.backend.damage import ref_way_back
from zpoints.storage.backend.interpreter_exit import NATIVE_CALLS
from zpoints.storage.backend.location import Location, reaching
from zpoints.storage.backend.refs import branches, tags
from zpoints.storage.errors import SchemaError, StoreError, StoreNotFoundError, VersionError
from zpoints.storage.store import Store, open_store
from zpoints.storage.verify.chunks import (
    Check,
    Chunk,
    Finding,
    check_file,
    chunk_files,
    chunks_of,
    older_chunks,
    unreadable,
)
from zpoints.storage.verify.consistency import disagreements
from zpoints.storage.verify.foreign_files import foreign_files

# Zarr reads the metadata of a group in many tasks. If one fails, nobody awaits the others, and
# asyncio prints their tracebacks later.
logging.getLogger("asyncio").addFilter(lambda it: "_getitem_semaphore" not in it.getMessage())

WHOLE = 100.0
BATCH = 1024
"""Checks handed to the threads at a time, so that their bookkeeping stays small."""


@dataclass(frozen=True)
class Verification:
    """Result of a verification.

    Attributes
    ----------
    version
        Id of the version; `None` if the store could not be opened.
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
        """Whether there is neither damage nor a mismatch; notes do not count."""
        return all(finding.kind == "note" for finding in self.findings)


def verify(
    root: str | os.PathLike[str],
    *,
    version: str | None = None,
    sample: float = WHOLE,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Read a version of a store back and list all faults.

    Every chunk of every array must exist, have its checksum and decode. Groups that were made from
    one another must agree in lengths, labels, counts and the model's SHA-256. A complete
    verification also checks that the chunks of older versions exist and, in a local store, that
    every chunk file has its checksum, whichever version uses it.

    Parameters
    ----------
    root
        A local path, or a URL of a prefix in a bucket.
    version
        As in `open_store`; the latest by default.
    sample
        Percentage of the chunks of each array to read, at least one chunk. Below 100, other
        versions and files are not checked.
    seed
        Seed of the choice of chunks.
    on_progress
        Called with the number of chunks and files that are done, and with their total.

    Returns
    -------
    Verification
        The findings. Memory holds one chunk per thread, and the labels.

    Raises
    ------
    StoreNotFoundError
        If there is no store at `root`, or no such version.
    VersionError
        As in `open_store`.
    SchemaError
        If the store has another schema than this zpoints writes.
    StoreError
        If `sample` is not a percentage.
    """
    if not 0 < sample <= WHOLE:
        raise StoreError(f"Invalid sample {sample}; expected a percentage above 0, up to 100.")
    location = Location.of(root)
    if not location.has_remains() and not location.exists():
        location.open()  # raises the error that there is no store
    with _quiet():
        try:
            with NATIVE_CALLS:
                repository, store = _open(location, version)
                session = repository.readonly_session(snapshot_id=store.version)
                groups = group_names(session)
        except (StoreNotFoundError, VersionError, SchemaError):
            raise
        except Exception as error:
            return Verification(None, 0, 0, (unreadable(location.root, error),))
        with NATIVE_CALLS:
            chunks, findings = _choose(session, groups, sample, random.Random(seed))
            checks: list[Check] = [chunk.read for chunk in chunks]
            if sample == WHOLE:
                others, faults = _checks_beyond(location, repository, store)
                checks += others
                findings += faults
        size, damage = _run(checks, on_progress)
        findings += dict.fromkeys(damage)  # one manifest may spoil many chunks
        with NATIVE_CALLS:
            findings += disagreements(store, groups, findings)
    return Verification(store.version, len(chunks), size, tuple(findings))


@contextmanager
def _quiet() -> Iterator[None]:
    # Icechunk logs a page about unreadable objects, and Zarr warns; here they are findings.
    icechunk.set_logs_filter("off")
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        icechunk.set_logs_filter("error")


def _open(location: Location, version: str | None) -> tuple[icechunk.Repository, Store]:
    """Open again, since an open repository remembers manifests that may be damaged by now."""
    with reaching(location.root):
        repository = location.icechunk_repository()
        # Zarr takes an unreadable snapshot for an empty group; Icechunk reports the error.
        repository.lookup_snapshot(repository.lookup_branch("main"))
    return repository, open_store(location.root, version=version)


def _choose(
    session: icechunk.Session, groups: Sequence[str], sample: float, generator: random.Random
) -> tuple[list[Chunk], list[Finding]]:
    """The chunks to read, and findings about groups whose chunks cannot be listed."""
    chosen: list[Chunk] = []
    findings: list[Finding] = []
    for group in groups:
        try:
            for chunks in chunks_of(session, group):
                count = min(len(chunks), max(1, round(len(chunks) * sample / WHOLE)))
                chosen += [chunks[k] for k in sorted(generator.sample(range(len(chunks)), count))]
        except Exception as error:
            findings.append(unreadable(group, error))
    return chosen, findings


def _checks_beyond(
    location: Location, repository: icechunk.Repository, store: Store
) -> tuple[list[Check], list[Finding]]:
    """Checks of older versions and of all chunk files; findings about the other files."""
    files = chunk_files(location.root) if location.is_local else []
    checks: list[Check] = [partial(check_file, path) for path in files]
    findings = foreign_files(location)
    try:
        findings += _broken_refs(location, repository)
        versions = [version.id for version in store.history()]
        older = list(older_chunks(repository, versions, store.version))
    except Exception as error:
        return checks, [*findings, unreadable("history", error)]
    return [*checks, *(chunk.probe for chunk in older)], findings


def _broken_refs(location: Location, repository: icechunk.Repository) -> list[Finding]:
    """Unfinished work, and versions that a rollback left, whose newest snapshot is unreadable."""
    findings = []
    for kind, names in (("branch", branches(location.root)), ("tag", tags(location.root))):
        for name in names:
            lookup = repository.lookup_branch if kind == "branch" else repository.lookup_tag
            try:
                with reaching(location.root, way_back=ref_way_back(kind, name)):
                    repository.lookup_snapshot(lookup(name))
            except StoreError as error:
                findings.append(unreadable(f"refs/{kind}.{name}", error))
    return findings


def _run(
    checks: Sequence[Check], on_progress: Callable[[int, int], None] | None
) -> tuple[int, list[Finding]]:
    """Run the checks in threads; reading and checksums release the interpreter lock.

    Returns the bytes read and the findings.
    """
    size, done, findings = 0, 0, []
    pool = ThreadPoolExecutor(READERS)
    try:
        for start in range(0, len(checks), BATCH):
            batch = checks[start : start + BATCH]
            with NATIVE_CALLS:
                for read, finding in pool.map(lambda check: check(), batch):
                    size, done = size + read, done + 1
                    if finding:
                        findings.append(finding)
                    if on_progress:
                        on_progress(done, len(checks))
    finally:
        pool.shutdown(cancel_futures=True)
    return size, findings
