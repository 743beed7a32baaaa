"""The write side: a stage's work on a branch of its own, published whole or not at all."""

import logging
import platform
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from typing import Any

import dask
import icechunk
import xarray as xr

from storage.chunks import Block, Presence, missing_chunks, write_rows
from storage.errors import (
    IncompleteStageError,
    PublishConflictError,
    StoreError,
)
from storage.groups import group_names, open_group, same_layout, write_group
from storage.location import Location, reaching, root_attrs, set_root_attrs
from storage.variables import SCHEMA_VERSION, validate

logger = logging.getLogger(__name__)

MAIN = "main"
COMMIT_SECONDS = 5.0
"""Time that a wave of blocks aims at; a killed run loses about this much work."""
FIRST_WAVE = 8
LIBRARIES = ("zpoints", "numpy", "dask", "xarray", "zarr", "icechunk", "torch")


class StageTransaction:
    """A stage's work: on the branch `wip-<fingerprint>` until it is published.

    Made by `Repository.begin`. Readers of the store see nothing of it before `publish`.
    """

    def __init__(
        self,
        location: Location,
        repository: icechunk.Repository,
        *,
        stage: str,
        fingerprint: str,
        groups: tuple[str, ...],
        inputs: Mapping[str, str],
    ) -> None:
        if not re.fullmatch(r"[0-9A-Za-z_-]+", fingerprint):
            raise StoreError(f"A fingerprint is letters and digits, not {fingerprint!r}.")
        self._location = location
        self._repository = repository
        self.stage = stage
        self.fingerprint = fingerprint
        self.groups = groups
        self.inputs = dict(inputs)
        self.branch = f"wip-{fingerprint}"
        self._pending: dict[str, tuple[str, ...]] = {}
        self._started = time.monotonic()
        with location.lock(), reaching(location.root):
            self.base = repository.lookup_branch(MAIN)
            tip = self._settle_branch()
        self.resumed = tip.id != self.base
        self._seconds_before = float(tip.metadata.get("duration", 0.0)) if self.resumed else 0.0

    def _settle_branch(self) -> icechunk.SnapshotInfo:
        """Take up the branch of an interrupted run if it builds on main; otherwise start one."""
        if self.branch in self._repository.list_branches():
            tip = self._tip()
            if tip.metadata.get("base") == self.base:
                return tip
            if tip.id != self.base:
                logger.info(
                    "The unfinished work of %s builds on an older version: starting anew",
                    self.stage,
                )
            self._repository.delete_branch(self.branch)
        self._repository.create_branch(self.branch, self.base)
        return self._tip()

    def _tip(self) -> icechunk.SnapshotInfo:
        return self._repository.lookup_snapshot(self._repository.lookup_branch(self.branch))

    def create(
        self, group: str, template: xr.Dataset, *, attrs: Mapping[str, Any] | None = None
    ) -> None:
        """Lay a group out, in place of what it held before.

        NumPy-backed variables are written at once. Dask-backed ones are never computed: they
        give shape, dtype and chunks, and `write_chunks` fills them. On a resumed branch, a group
        that this stage has laid out in the same way is kept with all its chunks.

        Parameters
        ----------
        group
            One of the transaction's groups.
        template
            The dataset, labels as coordinates.
        attrs
            Attributes beside `schema_version`, `stage`, `fingerprint`, `inputs`; must be JSON.

        Raises
        ------
        SchemaError
            If the template disagrees with the registry or its chunks are uneven.
        """
        self._expect_own(group)
        own = {
            "schema_version": SCHEMA_VERSION,
            "stage": self.stage,
            "fingerprint": self.fingerprint,
            "inputs": self.inputs,
        }
        template = template.assign_attrs({**(attrs or {}), **own})
        validate(group, template)
        self._pending[group] = tuple(
            str(name) for name, v in template.variables.items() if v.chunks is not None
        )
        with reaching(self._location.root):
            session = self._repository.writable_session(self.branch)
            if self.resumed and same_layout(session, group, template):
                return
            write_group(session, group, template)
            self._commit(session, f"{self.stage}: layout of {group}")

    def write_chunks(
        self,
        group: str,
        blocks: Sequence[Block],
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        """Compute and write blocks through Dask's active scheduler, committing every few seconds.

        Blocks whose chunks exist already are skipped.

        Parameters
        ----------
        group
            A group that `create` has laid out.
        blocks
            What to write, along the leading dimension of the Dask-backed variables.
        on_progress
            Called after every commit with the rows that exist by now, skipped ones included.

        Raises
        ------
        SchemaError
            If a block does not cover whole chunks, or computes other arrays than the template's.
        PublishConflictError
            If another process writes to the same branch.
        """
        names = self._pending.get(group)
        if not names:
            raise StoreError(f"{group} has nothing to fill: create it with a Dask-backed template.")
        with reaching(self._location.root):
            session = self._repository.readonly_session(self.branch)
            presence = Presence(session, group, names)
            todo = [block for block in blocks if not presence.complete(block)]
        rows = sum(block.rows for block in blocks) - sum(block.rows for block in todo)
        if on_progress and rows:
            on_progress(rows)
        for wave in self._waves(todo):
            self._write_wave(group, names, wave)
            rows += sum(block.rows for block in wave)
            if on_progress:
                on_progress(rows)

    def _waves(self, blocks: Sequence[Block]) -> Iterator[Sequence[Block]]:
        """Cut blocks into waves of about `COMMIT_SECONDS`, by the time the last one took."""
        start, size = 0, FIRST_WAVE
        while start < len(blocks):
            began = time.monotonic()
            yield blocks[start : start + size]
            start += size
            seconds = max(time.monotonic() - began, 1e-3)
            size = max(1, min(4 * size, round(size * COMMIT_SECONDS / seconds)))

    def _write_wave(self, group: str, names: tuple[str, ...], wave: Sequence[Block]) -> None:
        with reaching(self._location.root):
            session = self._repository.writable_session(self.branch)
            forks = [session.fork() for _ in wave]
        tasks = [
            dask.delayed(partial(write_rows, group, names, block), pure=False, traverse=False)(
                fork, dask_key_name=f"write-{self.stage}-{uuid.uuid4().hex}"
            )
            for block, fork in zip(wave, forks, strict=True)
        ]
        written = dask.compute(*tasks)
        with reaching(self._location.root):
            session.merge(*written)
            self._commit(session, f"{self.stage}: rows {wave[0].start} to {wave[-1].stop}")

    def dataset(self, group: str) -> xr.Dataset:
        """What the branch holds now of a group; unwritten chunks read as the fill value."""
        with reaching(self._location.root):
            return open_group(self._repository.readonly_session(self.branch), group)

    def publish(self, *, message: str, rows: int, metadata: Mapping[str, Any] | None = None) -> str:
        """Make the finished groups the newest version of the store.

        Parameters
        ----------
        message
            One line for the history.
        rows
            Images or vectors that the stage handled.
        metadata
            Further provenance, e.g. `seed`; must be JSON.

        Returns
        -------
        str
            Id of the published version.

        Raises
        ------
        IncompleteStageError
            If a group or one of its chunks does not exist.
        SchemaError
            If a group disagrees with the registry.
        PublishConflictError
            If another version was published since this transaction began.
        """
        self._verify()
        with self._location.lock(), reaching(self._location.root):
            self._expect_base()
            tip = self._tip()
            version = tip.id
            if not tip.metadata.get("published"):
                version = self._finish(message, {**(metadata or {}), "rows": rows})
            try:
                self._repository.reset_branch(MAIN, version, from_snapshot_id=self.base)
            except icechunk.IcechunkError:
                self._expect_base()
                raise
            self._repository.delete_branch(self.branch)
        return version

    def _finish(self, message: str, metadata: Mapping[str, Any]) -> str:
        session = self._repository.writable_session(self.branch)
        revision = int(root_attrs(session).get("revision", 0)) + 1
        set_root_attrs(session, {"revision": revision, "schema_version": SCHEMA_VERSION})
        provenance = {
            "published": True,
            "revision": revision,
            "versions": _versions(),
            "host": platform.node(),
        }
        return session.commit(message, metadata={**metadata, **self._provenance(), **provenance})

    def discard(self) -> None:
        """Drop the branch and all work on it."""
        with self._location.lock(), reaching(self._location.root):
            if self.branch in self._repository.list_branches():
                self._repository.delete_branch(self.branch)

    def _verify(self) -> None:
        with reaching(self._location.root):
            session = self._repository.readonly_session(self.branch)
            absent = set(self.groups) - set(group_names(session))
            if absent:
                raise IncompleteStageError(
                    f"{self.stage} cannot be published without {', '.join(sorted(absent))}."
                )
            for group in self.groups:
                gaps = missing_chunks(session, group)
                if gaps:
                    listed = ", ".join(f"{name}: {n} of {total}" for name, n, total in gaps)
                    raise IncompleteStageError(
                        f"{self.stage} cannot be published: chunks of {group} are missing "
                        f"({listed}). Write them, or run the stage again to resume it."
                    )
                validate(group, open_group(session, group))

    def _commit(self, session: icechunk.Session, message: str) -> None:
        with self._location.lock():
            try:
                session.commit(message, metadata=self._provenance())
            except icechunk.ConflictError as error:
                raise PublishConflictError(
                    f"Another process works on the same {self.stage} in {self._location.root}: "
                    "wait for it, then run again."
                ) from error

    def _provenance(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "fingerprint": self.fingerprint,
            "inputs": self.inputs,
            "base": self.base,
            "duration": round(self._seconds_before + time.monotonic() - self._started, 3),
        }

    def _expect_own(self, group: str) -> None:
        if group not in self.groups:
            raise StoreError(
                f"{self.stage} began with the groups {self.groups} and cannot write {group}."
            )

    def _expect_base(self) -> None:
        if self._repository.lookup_branch(MAIN) != self.base:
            raise PublishConflictError(
                f"Another run published a version of {self._location.root} while {self.stage} "
                "was at work. Run again: the stage starts from the new version."
            )


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for library in LIBRARIES:
        with suppress(PackageNotFoundError):
            versions[library] = version_of(library)
    return versions
