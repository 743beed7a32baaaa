"""The write side of a store: where stages begin their work."""

import os
from collections.abc import Mapping, Sequence

import icechunk

from storage.location import Location
from storage.store import Store, open_store
from storage.transaction import StageTransaction


class Repository:
    """A store that may be written to. Made by `open_repository`."""

    def __init__(self, location: Location, repository: icechunk.Repository) -> None:
        self._location = location
        self._repository = repository
        self.root = location.root

    def store(self) -> Store:
        """The newest published version, for reading."""
        return open_store(self.root)

    def begin(
        self,
        *,
        stage: str,
        fingerprint: str,
        groups: Sequence[str],
        inputs: Mapping[str, str] | None = None,
    ) -> StageTransaction:
        """Begin a stage's work, or take up what an interrupted run with the fingerprint left.

        Work that builds on an older version than the newest is dropped and begun anew.

        Parameters
        ----------
        stage
            Name of the stage, recorded in the history.
        fingerprint
            Hash of everything the stage's result depends on; letters and digits.
        groups
            The groups that the stage writes; all must be complete to publish.
        inputs
            The groups that the stage reads, and their fingerprints; `Store.is_current` compares.

        Raises
        ------
        StoreError
            If the fingerprint holds other characters.
        """
        return StageTransaction(
            self._location,
            self._repository,
            stage=stage,
            fingerprint=fingerprint,
            groups=tuple(groups),
            inputs=inputs or {},
        )

    def __repr__(self) -> str:
        return f"Repository({self.root!r})"


def open_repository(root: str | os.PathLike[str]) -> Repository:
    """Open a store for writing; makes an empty one where there is none.

    Parameters
    ----------
    root
        A local path or `s3://bucket/prefix`.

    Raises
    ------
    StoreError
        If something other than a store lies at `root`.
    SchemaError
        If a newer zpoints wrote the store.
    """
    location = Location.of(root)
    if not location.exists():
        location.create()
    return Repository(location, location.open())
