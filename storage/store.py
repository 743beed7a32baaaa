"""The read side: one version of a store, its groups, its history."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from html import escape
from importlib.metadata import entry_points
from typing import Any

import icechunk
import numpy as np
import xarray as xr
import zarr

from storage.errors import StoreError, StoreNotFoundError
from storage.groups import group_attrs, group_names, open_group
from storage.location import Location, reaching

DECODERS = "zpoints.decoders"
"""Entry-point group; its one entry maps (model, z) to images, so storage needs no network."""


@dataclass(frozen=True)
class Version:
    """One published version of a store.

    Attributes
    ----------
    id
        Icechunk's snapshot id.
    time
        When it was published, UTC.
    stage
        The stage that made it.
    message
        What the stage says of its work.
    metadata
        Provenance: stage, fingerprint, revision, versions, seed, rows, duration in seconds, host.
    """

    id: str
    time: datetime
    stage: str
    message: str
    metadata: Mapping[str, Any]


class Store:
    """One version of a store, read-only; labels in memory, big arrays as lazy Dask arrays.

    Made by `open_store`.
    """

    def __init__(
        self, location: Location, repository: icechunk.Repository, snapshot: icechunk.SnapshotInfo
    ) -> None:
        self._location = location
        self._repository = repository
        self._session = repository.readonly_session(snapshot_id=snapshot.id)
        self._opened: dict[str, xr.Dataset] = {}
        self.root = location.root
        self.version = snapshot.id
        self.time = snapshot.written_at

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups of this version, e.g. `("images", "samples/ellipse")`."""
        with reaching(self.root):
            return group_names(self._session)

    @property
    def sample_names(self) -> tuple[str, ...]:
        """Names of the samples that belong to the statistics and the model of this version.

        Samples of an older model stay in the store until they are drawn again; `samples` opens
        them all the same.
        """
        return self._current("samples")

    @property
    def quality_names(self) -> tuple[str, ...]:
        """Names of what was evaluated as it is now: samples, "real" and "reconstruction"."""
        return self._current("quality")

    @property
    def images(self) -> xr.Dataset:
        """Cropped photographs: `image` (image, y, x, channel) uint8, with their labels."""
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

        `mean`, `count` and `variance` are also methods of a Dataset: write
        `statistics["mean"]`.
        """
        return self.group("statistics")

    def samples(self, name: str) -> xr.Dataset:
        """Vectors drawn by a generator and the faces they decode to.

        Raises
        ------
        StoreNotFoundError
            If there are no samples of that name.
        """
        return self.group(f"samples/{name}")

    def quality(self, name: str) -> xr.Dataset:
        """How good the samples of a generator are; "real" and "reconstruction" calibrate.

        Raises
        ------
        StoreNotFoundError
            If they were not evaluated.
        """
        return self.group(f"quality/{name}")

    @property
    def sweep(self) -> xr.Dataset:
        """Quality of the generator `ellipse` over a grid of laws, K and fact.

        Raises
        ------
        StoreNotFoundError
            If no sweep was made.
        """
        return self.group("sweep")

    def group(self, name: str) -> xr.Dataset:
        """Open a group by its name.

        Raises
        ------
        StoreNotFoundError
            If this version has no such group.
        SchemaError
            If the group disagrees with the registry or is of a newer schema.
        """
        if name not in self._opened:
            with reaching(self.root):
                self._opened[name] = open_group(self._session, name)
        return self._opened[name].copy()

    def array(self, group: str, variable: str) -> zarr.Array:
        """The bare Zarr array of a variable, for reading rows without Dask."""
        with reaching(self.root):
            return zarr.open_array(self._session.store, path=f"{group}/{variable}", mode="r")

    def fingerprint(self, group: str) -> str | None:
        """Fingerprint of the stage that made a group; `None` if the group does not exist."""
        value = self._attrs(group).get("fingerprint")
        return None if value is None else str(value)

    def is_current(self, group: str) -> bool:
        """Whether a group exists and was made from what this version holds of its inputs.

        A model outlives the growth of the images that it was trained on: its `inputs` name their
        lineage.
        """
        attrs = self._attrs(group)
        return "fingerprint" in attrs and all(
            identity in (self.fingerprint(name), self.lineage(name)) and self.is_current(name)
            for name, identity in attrs.get("inputs", {}).items()
        )

    def lineage(self, group: str) -> str | None:
        """What a group shares with the versions of it that it grew from; `None` without one."""
        value = self._attrs(group).get("lineage")
        return None if value is None else str(value)

    def _current(self, kind: str) -> tuple[str, ...]:
        """Names of the groups `<kind>/<name>` whose inputs have not changed since."""
        prefix = f"{kind}/"
        names = (name for name in self.groups if name.startswith(prefix))
        return tuple(name.removeprefix(prefix) for name in names if self.is_current(name))

    def _attrs(self, group: str) -> dict[str, Any]:
        with reaching(self.root):
            return group_attrs(self._session, group)

    def history(self) -> list[Version]:
        """Published versions of the store, newest first, whatever version this is."""
        with reaching(self.root):
            return published(self._repository)

    def decode(self, z: Any) -> np.ndarray:
        """Decode latent vectors with the stored model.

        Parameters
        ----------
        z
            Latent vectors (sample, component), of any real dtype.

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
        """
        decoders = list(entry_points(group=DECODERS))
        if not decoders:
            raise StoreError(
                f"No decoder is installed (entry-point group {DECODERS}): install zpoints whole, "
                "for example with `make .venv/.installed`."
            )
        return np.asarray(decoders[0].load()(self.model, z))

    def __repr__(self) -> str:
        lines = [f"Store {self.root}", f"version {self.version}, {self.time:%Y-%m-%d %H:%M:%S} UTC"]
        lines += [f"  {name:<20} {text}" for name, text in self._contents()]
        return "\n".join(lines if len(lines) > 2 else [*lines, "  nothing published yet"])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td><b>{escape(name)}</b></td><td>{escape(text)}</td></tr>"
            for name, text in self._contents()
        )
        return (
            f"<p><b>Store</b> {escape(self.root)}<br>version {self.version}, "
            f"{self.time:%Y-%m-%d %H:%M:%S} UTC</p><table>{rows}</table>"
        )

    def _contents(self) -> list[tuple[str, str]]:
        with reaching(self.root):
            root = zarr.open_group(self._session.store, mode="r")
            return [(name, _describe(root[name])) for name in group_names(self._session)]


def _describe(group: Any) -> str:
    """Dims and uncompressed size of a group, from metadata alone."""
    sizes: dict[str, int] = {}
    size = 0
    for _, array in group.arrays():
        sizes |= dict(zip(array.metadata.dimension_names or (), array.shape, strict=False))
        size += array.nbytes
    dims = ", ".join(f"{dim}: {length}" for dim, length in sizes.items())
    return f"{size / 2**20:,.1f} MiB  ({dims})"


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
        A local path or `s3://bucket/prefix`.
    version
        Id of a published version, as `Store.history` lists them; the newest one by default.
    as_of
        The newest version published until then. A date means the end of that day; times without
        a zone are UTC.

    Raises
    ------
    StoreNotFoundError
        If there is no store at `root`, or no such version.
    SchemaError
        If a newer zpoints wrote the store.
    ValueError
        If both `version` and `as_of` are given, or `as_of` is not a date in ISO form.

    Examples
    --------
    >>> store = open_store("runs/celeba")  # doctest: +SKIP
    >>> store.latents.query(image="Smiling and not Male")  # doctest: +SKIP
    """
    if version is not None and as_of is not None:
        raise ValueError("open_store takes version or as_of, not both.")
    location = Location.of(root)
    repository = location.open()
    with reaching(location.root):
        snapshot = repository.lookup_snapshot(_choose(location.root, repository, version, as_of))
        return Store(location, repository, snapshot)


def published(repository: icechunk.Repository) -> list[Version]:
    """All published versions, newest first; those too that a rollback took off `main`."""
    lines = [repository.ancestry(branch="main")]
    lines += [repository.ancestry(tag=tag) for tag in repository.list_tags()]
    found = {
        snapshot.id: Version(
            id=snapshot.id,
            time=snapshot.written_at,
            stage=str(snapshot.metadata["stage"]),
            message=snapshot.message,
            metadata=dict(snapshot.metadata),
        )
        for line in lines
        for snapshot in line
        if snapshot.metadata.get("published")
    }
    return sorted(found.values(), key=lambda version: version.time, reverse=True)


def _choose(
    root: str,
    repository: icechunk.Repository,
    version: str | None,
    as_of: str | date | datetime | None,
) -> str:
    if version is not None:
        return _published_id(root, repository, version)
    if as_of is None:
        return repository.lookup_branch("main")
    until = _moment(as_of)
    for entry in published(repository):
        if entry.time <= until:
            return entry.id
    raise StoreNotFoundError(
        f"The store {root} has no version as of {until.isoformat()}; "
        f"`zpoints history {root}` lists its versions."
    )


def _published_id(root: str, repository: icechunk.Repository, version: str) -> str:
    try:
        metadata = repository.lookup_snapshot(version).metadata
    except icechunk.IcechunkError:
        metadata = {}
    if not metadata.get("published") and metadata.get("stage") != "create":
        raise StoreNotFoundError(
            f"The store {root} has no version {version}; `zpoints history {root}` lists its "
            "versions."
        )
    return version


def _moment(as_of: str | date | datetime) -> datetime:
    """The last moment that `as_of` names, with a time zone."""
    moment = as_of
    if isinstance(moment, str):
        only_date = len(moment) == len("2026-11-01")
        try:
            moment = (date if only_date else datetime).fromisoformat(moment)
        except ValueError as error:
            raise ValueError(
                f"as_of = {as_of!r}: expected a date or time in ISO form, e.g. 2026-11-01."
            ) from error
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time.max)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
