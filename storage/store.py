"""Reads a store: one version, its groups, its history."""

import os
from collections.abc import Mapping
from datetime import date, datetime
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Self

import icechunk
import numpy as np
import xarray as xr
import zarr

from zpoints.storage.arrays.groups import group_attrs, group_names, open_group
from zpoints.storage.backend.damage import metadata_errors
from zpoints.storage.backend.location import Location, reaching
from zpoints.storage.errors import StoreError, VersionError, unknown_attribute
from zpoints.storage.labels.dataset import LabelledDataset
from zpoints.storage.overview import Content, as_html, as_text, by_kind, contents
from zpoints.storage.schema.array_names import array_name
from zpoints.storage.schema.provenance import IMPORT, provenance_of
from zpoints.storage.versions import Version, choose_version, published

DECODERS = "zpoints.decoders"
"""Entry-point group; its entry maps (model, z) to images, so that storage imports no network."""
LEFT_OUT = "left_out"
"""Attribute of a group without rows: why its stage could not make any."""


class Store:
    """One version, read-only, as `open_store` opens it: labels in memory, big arrays lazy.

    What opens a group raises `StoreNotFoundError` if this version has no such group.
    """

    def __init__(
        self, location: Location, repository: icechunk.Repository, snapshot: icechunk.SnapshotInfo
    ) -> None:
        self._location = location
        self._repository = repository
        self._session = repository.readonly_session(snapshot_id=snapshot.id)
        self._opened: dict[str, LabelledDataset] = {}
        self._group_attrs: dict[str, dict[str, Any]] = {}
        self.root = location.root
        self.version = snapshot.id
        self.time = snapshot.written_at

    @classmethod
    def open(
        cls,
        root: str | os.PathLike[str],
        *,
        version: str | None = None,
        as_of: str | date | datetime | None = None,
    ) -> Self:
        """Open a store for reading.

        Parameters
        ----------
        root, version, as_of
            As in `open_store`.
        """
        if version is not None and as_of is not None:
            raise VersionError("Got both version and as_of; expected only one of them.")
        location = Location.of(root)
        repository = location.open()
        with reaching(location.root):
            snapshot = repository.lookup_snapshot(
                choose_version(location.root, repository, version, as_of)
            )
            return cls(location, repository, snapshot)

    if not TYPE_CHECKING:  # to a type checker every attribute would exist

        def __getattr__(self, name: str) -> Any:
            raise unknown_attribute(self, name)

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups of this version, e.g. `("images", "samples/ellipse")`."""
        with reaching(self.root):
            return group_names(self._session)

    @property
    def sample_names(self) -> tuple[str, ...]:
        """Names of the samples made from the statistics and the model of this version.

        Samples of an older model stay in the store until they are drawn again, and `samples` opens
        them too.
        """
        return self._current("samples")

    @property
    def quality_names(self) -> tuple[str, ...]:
        """Names of the evaluations that are current: of samples, "real" and "reconstruction"."""
        return self._current("quality")

    @property
    def left_out(self) -> dict[str, str]:
        """Why generators could not be fitted to these statistics, by the names of their samples."""
        reasons = {name: self.why_left_out(f"samples/{name}") for name in self._made("samples")}
        return {name: reason for name, reason in reasons.items() if reason}

    @property
    def images(self) -> xr.Dataset:
        """Cropped photographs: `pixels` (image, y, x, channel) uint8, with their labels."""
        return self.group("images")

    @property
    def model(self) -> xr.Dataset:
        """The trained network: `weights` (byte) uint8 and its loss curves."""
        return self.group("model")

    @property
    def latents(self) -> xr.Dataset:
        """Latent vectors: `z` (image, component) float32, with the labels of `images`."""
        return self.group("latents")

    @property
    def statistics(self) -> xr.Dataset:
        """Moments, number distributions, PCA and radii of the latent vectors.

        `mean`, `count` and `variance` are also methods of a Dataset; use `statistics["mean"]`.
        """
        return self.group("statistics")

    @property
    def structure(self) -> xr.Dataset:
        """Clusters of the latent vectors; probes and directions of the attributes."""
        return self.group("structure")

    @property
    def selection_names(self) -> tuple[str, ...]:
        """Names of the selections whose statistics this version holds."""
        return self._made("selections")

    def selection(self, name: str) -> xr.Dataset:
        """The variables of `statistics` for the vectors that a configured query selects."""
        return self.group(f"selections/{name}")

    def samples(self, name: str) -> xr.Dataset:
        """Vectors drawn by a generator and the faces they decode to."""
        return self.group(f"samples/{name}")

    def quality(self, name: str) -> xr.Dataset:
        """Quality of a generator's samples, or of "real" and "reconstruction" for comparison."""
        return self.group(f"quality/{name}")

    @property
    def sweep(self) -> xr.Dataset:
        """Quality of a generator at every point of a grid of its parameters."""
        return self.group("sweep")

    def query(self, query: str, *, group: str = "latents") -> LabelledDataset:
        """The rows of a group whose labels a query selects; big arrays stay lazy.

        The same query serves `analyze.selections` and `store.latents.query(image=...)`. It runs no
        code; `docs/decisions/storage-queries.md` describes the language. A name that is not a
        word is written in backticks. `split` is known for every photograph. A query that names an
        attribute selects no photograph that came without attributes, and a missing value of another
        label matches nothing.

        Raises
        ------
        QueryError
            If the query is not of the language, names an unknown label, or is not true or false
            for each row; the message marks the place.
        StoreNotFoundError
            If this version has no such group.

        Examples
        --------
        >>> store = open_store("runs/celeba")  # doctest: +SKIP
        >>> store.query("Young and not `5_o_Clock_Shadow`").z.mean("image")  # doctest: +SKIP
        """
        return self._group(group).query(image=query)

    def group(self, name: str) -> xr.Dataset:
        """Open a group by its name.

        Raises
        ------
        StoreNotFoundError
            If this version has no such group.
        SchemaError
            If the group disagrees with the registry or is of another schema.
        """
        return self._group(name).copy()

    def _group(self, name: str) -> LabelledDataset:
        if name not in self._opened:
            with reaching(self.root):
                self._opened[name] = open_group(self._session, name)
        return self._opened[name]

    def array(self, group: str, variable: str) -> zarr.Array:
        """The Zarr array of a variable, for reading rows without Dask."""
        with reaching(self.root):
            path = f"{group}/{array_name(variable)}"
            with metadata_errors(self._session):
                return zarr.open_array(self._session.store, path=path, mode="r")

    def contents(self) -> list[Content]:
        """Names, dims and sizes of the groups, those of one kind together; reads no array."""
        return by_kind(contents(self.root, self._session))

    def fingerprint(self, group: str) -> str | None:
        """Fingerprint of the stage that made a group; `None` if the group does not exist."""
        value = self._provenance(group).get("fingerprint")
        return None if value is None else str(value)

    def is_current(self, group: str) -> bool:
        """Whether a group exists and was made from the inputs that this version has.

        A model stays current when the images that it was trained on grow, because its `inputs` name
        their lineage.
        """
        made = self._provenance(group)
        return "fingerprint" in made and all(
            identity in (self.fingerprint(name), self.lineage(name)) and self.is_current(name)
            for name, identity in made.get("inputs", {}).items()
        )

    def why_left_out(self, group: str) -> str:
        """Why a group has no rows; empty if it has some, or does not exist."""
        return str(self._attrs(group).get(LEFT_OUT, ""))

    def lineage(self, group: str) -> str | None:
        """Identifier that a group shares with the versions it grew from; `None` without one."""
        value = self._provenance(group).get("lineage")
        return None if value is None else str(value)

    @property
    def made_by(self) -> str:
        """The command that makes what this version lacks."""
        imported = self._provenance("latents").get("stage") == IMPORT
        return f"zpoints {'import VECTORS' if imported else 'run CONFIG'} --root {self.root}"

    def _current(self, kind: str) -> tuple[str, ...]:
        """Names of the groups `<kind>/<name>` that are current and have rows."""
        names = self._made(kind)
        return tuple(name for name in names if not self.why_left_out(f"{kind}/{name}"))

    def _made(self, kind: str) -> tuple[str, ...]:
        """Names of the groups `<kind>/<name>` whose inputs have not changed since."""
        prefix = f"{kind}/"
        names = (name for name in self.groups if name.startswith(prefix))
        return tuple(name.removeprefix(prefix) for name in names if self.is_current(name))

    def _provenance(self, group: str) -> Mapping[str, Any]:
        return provenance_of(self._attrs(group))

    def _attrs(self, group: str) -> dict[str, Any]:
        if group not in self._group_attrs:
            with reaching(self.root):
                self._group_attrs[group] = group_attrs(self._session, group)
        return self._group_attrs[group]

    def history(self) -> list[Version]:
        """All published versions of the store, newest first."""
        with reaching(self.root):
            return published(self.root, self._repository)

    def decode(self, z: Any, *, network: str | None = None) -> np.ndarray:
        """Decode latent vectors with the stored model.

        Parameters
        ----------
        z
            Latent vectors (sample, component), of any real dtype.
        network
            `package.module:Name` of the class or function that the model needs, if it needs one.
            Code is imported only if you name it, here or in ZPOINTS_NETWORK (environment).

        Returns
        -------
        numpy.ndarray
            Images (sample, y, x, channel), uint8.

        Raises
        ------
        StoreNotFoundError
            If this version holds no model.
        StoreError
            If no decoder is installed.
        NetworkError
            If that code is not named, or its source has changed.
        """
        decoders = list(entry_points(group=DECODERS))
        if not decoders:
            raise StoreError(
                f"No decoder is installed (entry-point group {DECODERS}). Install the complete "
                "distribution zpoints, for example with `make .venv/.installed`."
            )
        named = {} if network is None else {"network": network}
        return np.asarray(decoders[0].load()(self.model, z, **named))

    def __repr__(self) -> str:
        return as_text(self.root, self.version, self.time, self._session)

    def _repr_html_(self) -> str:
        return as_html(self.root, self.version, self.time, self._session, self.history())


def open_store(
    root: str | os.PathLike[str],
    *,
    version: str | None = None,
    as_of: str | date | datetime | None = None,
) -> Store:
    """Open a store for reading.

    Parameters
    ----------
    root
        A local path, `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`.
    version
        `latest` (the default); `previous`, the version that the latest was made from; the id of a
        published version, from `Store.history`, or an unambiguous beginning of one; or a date or
        time, as in `as_of`. Every command and function that takes a version takes these.
    as_of
        Opens the newest version published until then. A date means the end of that day; times
        without a zone are UTC.

    Raises
    ------
    StoreNotFoundError
        If there is no store at `root`, or no such version.
    SchemaError
        If the store has another schema than this zpoints writes.
    VersionError
        If both `version` and `as_of` are given, several ids begin with `version`, or a date or time
        is not in ISO form. It is a ValueError, too.

    Examples
    --------
    >>> store = open_store("runs/celeba")  # doctest: +SKIP
    >>> store.query("Smiling and not Male")  # doctest: +SKIP
    """
    return Store.open(root, version=version, as_of=as_of)
