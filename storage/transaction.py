"""A stage's work on its own branch, published as a whole or not at all."""

import re
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, nullcontext
from functools import partial
from typing import Any

import icechunk
import numpy as np
import xarray as xr
from dask.delayed import Delayed

from zpoints.storage.arrays.chunks import Block, Presence, missing_chunks, write_rows
from zpoints.storage.arrays.groups import group_attrs, group_names, open_group
from zpoints.storage.arrays.layout import same_layout, write_group
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.location import Location, reaching
from zpoints.storage.carried_rows import carry_over, reorder
from zpoints.storage.errors import IncompleteStageError, StoreError
from zpoints.storage.executor import Executor
from zpoints.storage.schema.description import described
from zpoints.storage.schema.provenance import PROVENANCE, provenance_of
from zpoints.storage.schema.registry import SCHEMA_VERSION
from zpoints.storage.schema.validation import validate
from zpoints.storage.work_branch import FINGERPRINT, Gate, WorkBranch

COMMIT_SECONDS = 5.0
"""Time between two commits of a stage; a killed run loses about as much work."""
CHECKPOINTS = "checkpoints"
CHECKPOINT = re.compile(rf"{CHECKPOINTS}/{FINGERPRINT.pattern}")


class StageTransaction:
    """A stage's work, on the branch `wip-<fingerprint>` until it is published.

    Returned by `Repository.begin`. Readers of the store see nothing of it before `publish`.
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
        lineage: str,
        executor: Executor,
    ) -> None:
        self._root = location.root
        self.executor = executor
        self.stage = stage
        self.fingerprint = fingerprint
        self.groups = groups
        self.inputs = dict(inputs)
        self.lineage = lineage
        self._pending: dict[str, tuple[str, ...]] = {}
        provenance = {"stage": stage, "fingerprint": fingerprint, "inputs": self.inputs}
        self._branch = WorkBranch(location, repository, fingerprint, provenance)
        self._blobs = Blobs(location.root)

    @property
    def resumed(self) -> bool:
        """Whether the branch has commits of an earlier run."""
        return self._branch.resumed

    def create(
        self,
        group: str,
        template: xr.Dataset,
        *,
        attrs: Mapping[str, Any] | None = None,
        carried: np.ndarray | None = None,
    ) -> None:
        """Lay out a group, replacing its content.

        NumPy-backed variables are written at once. Dask-backed ones are never computed: they define
        shape, dtype and chunks, and `write_chunks` fills them. On a resumed branch, a group with
        the same layout keeps all its chunks.

        Parameters
        ----------
        group
            One of the transaction's groups.
        template
            The dataset, with labels as coordinates.
        attrs
            Attributes in addition to `schema_version`, JSON. Those under `provenance` join `stage`,
            `fingerprint`, `lineage` and `inputs` there.
        carried
            int64 (row). For each row of the template, the row of the published group with the same
            content, or -1. Chunks whose rows all stay in place are not touched, and `write_chunks`
            skips them; Dask-backed variables that the published group lacks hold their fill value
            there.

        Raises
        ------
        SchemaError
            If the template disagrees with the registry, or its chunks are uneven.
        """
        template = self._owned(group, template, attrs)
        if carried is not None and (carried < 0).all():
            carried = None
        self._pending[group] = tuple(
            str(name) for name, v in template.variables.items() if v.chunks is not None
        )
        with reaching(self._root):
            if self.resumed and same_layout(self._branch.reader(), group, template):
                return
        if self.resumed and carried is not None:
            self._branch.restart()
        with self._branch.committed(f"{self.stage}: layout of {group}") as session:
            if carried is None:
                write_group(session, group, template)
            else:
                carry_over(session, group, template, carried)

    def settle(
        self,
        group: str,
        template: xr.Dataset,
        rows: np.ndarray,
        *,
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        """Choose and order the rows of a group whose chunks are written, in one commit.

        Parameters
        ----------
        group
            A group that `create` has laid out and `write_chunks` has filled.
        template
            The new group: NumPy-backed variables are written, Dask-backed ones keep their values,
            variables that it lacks are dropped.
        rows
            int64 (row). For each row of the template, its row in the present group. Chunks whose
            rows all stay in place are not touched.
        attrs
            As for `create`; a run that resumes finds them in `StageTransaction.attrs`.
        """
        template = self._owned(group, template, attrs)
        with self._branch.committed(f"{self.stage}: rows of {group} settled") as session:
            reorder(self._branch.reader(), session, group, template, rows)

    def attrs(self, group: str) -> dict[str, Any]:
        """Attributes of a group that this work has laid out; empty if it has not."""
        with reaching(self._root):
            attrs = group_attrs(self._branch.reader(), group)
        return attrs if provenance_of(attrs).get("fingerprint") == self.fingerprint else {}

    def write_chunks(
        self,
        group: str,
        blocks: Sequence[Block],
        *,
        shared: Delayed | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        """Compute and write blocks, with a commit after the first block and then every few seconds.

        Blocks whose chunks exist are skipped.

        Parameters
        ----------
        group
            A group that `create` has laid out.
        blocks
            Rows to compute and write, along the leading dimension of the Dask-backed variables.
        shared
            Its value is the argument of every block's `compute`; each worker gets it once.
        on_progress
            Called with the number of rows that are done, including those of skipped blocks; up to
            5 s of work are not committed yet.

        Raises
        ------
        StoreError
            If `create` has not laid the group out, or it has no Dask-backed variables.
        SchemaError
            If a block does not cover whole chunks, or computes other arrays than the template's.
        PublishConflictError
            If another process writes to the same branch.
        """
        names = self._pending.get(group)
        if not names:
            raise StoreError(
                f"{group} has no chunks to write; create it with a Dask-backed template first."
            )
        with reaching(self._root):
            presence = Presence(self._branch.reader(), group, names)
            missing = [block for block in blocks if not presence.complete(block)]
        rows = sum(block.rows for block in blocks) - sum(block.rows for block in missing)
        if on_progress and rows:
            on_progress(rows)
        with closing(self._write(group, names, missing, shared)) as batches:
            for written in batches:
                rows += written
                if on_progress:
                    on_progress(rows)

    def _write(
        self,
        group: str,
        names: tuple[str, ...],
        blocks: Sequence[Block],
        shared: Delayed | None,
    ) -> Generator[int, None, None]:
        """Write blocks and commit them; yields numbers of rows."""
        with reaching(self._root):
            origin, session = self._branch.writer(), self._branch.writer()
        tasks = (partial(write_rows, group, names, block, origin.fork()) for block in blocks)
        left, due = len(blocks), time.monotonic()
        name = f"write-{self.stage}"
        with closing(self.executor.results(tasks, name=name, shared=shared)) as stream:
            while True:
                with reaching(self._root):  # for each batch: no call is in progress at the yield
                    if (batch := next(stream, None)) is None:
                        return
                    session.merge(*(fork for _, fork in batch))
                    left -= len(batch)
                    if left == 0 or time.monotonic() >= due:
                        self._branch.commit(session, f"{self.stage}: {left} blocks of {group} left")
                        # Opened at once, so that a commit of another process is noticed.
                        session = self._branch.writer()
                        due = time.monotonic() + COMMIT_SECONDS
                yield sum(rows for rows, _ in batch)

    def dataset(self, group: str) -> xr.Dataset:
        """The group as it is on the branch; unwritten chunks read as the fill value."""
        with reaching(self._root):
            return open_group(self._branch.reader(), group)

    def save_checkpoint(self, data: bytes) -> None:
        """Store the state of unfinished work outside the branch, replacing any stored before.

        For work that does not consist of chunks, such as a training. `publish` removes all
        checkpoints, since other unfinished work then builds on an older version.
        """
        self._blobs.put(self._checkpoint, data)

    def load_checkpoint(self) -> bytes | None:
        """The checkpoint of an interrupted run with the same fingerprint; `None` without one."""
        return self._blobs.get(self._checkpoint)

    @property
    def _checkpoint(self) -> str:
        return f"{CHECKPOINTS}/{self.fingerprint}"

    def publish(
        self,
        *,
        message: str,
        rows: int,
        metadata: Mapping[str, Any] | None = None,
        gate: Gate = nullcontext,
    ) -> str:
        """Make the finished groups the newest version of the store.

        Parameters
        ----------
        message
            One line for the history.
        rows
            Images or vectors that the stage handled.
        metadata
            Further provenance, e.g. `seed`; JSON.
        gate
            Factory for the context manager around the one step that readers see. If it raises on
            entry, the work stays unpublished.

        Returns
        -------
        str
            Id of the version.

        Raises
        ------
        IncompleteStageError
            If a group, or one of its chunks, is missing.
        SchemaError
            If a group disagrees with the registry.
        PublishConflictError
            If another version was published since this transaction began.
        """
        self._verify()
        version = self._branch.publish(message, {**(metadata or {}), "rows": rows}, gate=gate)
        for name in self._blobs.names(CHECKPOINTS):
            if CHECKPOINT.fullmatch(name):  # another program may have left its files there
                self._blobs.delete(name)
        return version

    def _verify(self) -> None:
        with reaching(self._root):
            session = self._branch.reader()
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
                        f"({listed}). Run the stage again to resume it."
                    )
                validate(group, open_group(session, group))

    def _owned(
        self, group: str, template: xr.Dataset, attrs: Mapping[str, Any] | None
    ) -> xr.Dataset:
        """The validated template with the attributes that every group carries."""
        if group not in self.groups:
            raise StoreError(
                f"{self.stage} cannot write {group}; it began with the groups {self.groups}."
            )
        attrs = {**template.attrs, **(attrs or {})}
        made = {
            "stage": self.stage,
            "fingerprint": self.fingerprint,
            "lineage": self.lineage,
            "inputs": self.inputs,
        }
        attrs |= {
            "schema_version": SCHEMA_VERSION,
            PROVENANCE: {**provenance_of(attrs), **made},
        }
        template = described(group, template.assign_attrs(attrs))
        validate(group, template)
        return template
