"""The latent space of a store."""

import os
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import xarray as xr

from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.evaluate.measure_table import detector_of, face_rates
from zpoints.pipeline.latent_space.coding import Decoder, Encoder
from zpoints.pipeline.latent_space.evaluated import EvaluatedStore
from zpoints.pipeline.latent_space.space import HINT, LatentSpace
from zpoints.pipeline.latent_space.stored_network import StoredNetwork
from zpoints.storage import StoreError, StoreNotFoundError
from zpoints.storage.backend.buckets.schemes import PLACES
from zpoints.storage.labels.label_table import label_table, label_text
from zpoints.storage.schema.attributes import nested

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from zpoints.pipeline.claims.answers import Answers
    from zpoints.pipeline.claims.verdicts import Verdicts
    from zpoints.storage.export.forms import ExportForm


class LatentStore(EvaluatedStore, LatentSpace):
    """One version of a store, read-only, and what one asks of its latent vectors.

    `zpoints.open` returns it. It has all attributes and methods of a `Store`.
    """

    decode = LatentSpace.decode  # type: ignore[assignment]
    _code: tuple[str, ...] = ()
    """Names of the classes and functions that the user names for the network."""

    @classmethod
    def open(
        cls,
        root: str | os.PathLike[str],
        *,
        version: str | None = None,
        as_of: str | date | datetime | None = None,
        network: str | None = None,
    ) -> Self:
        """Open a store and its latent space.

        Parameters
        ----------
        root, version, as_of, network
            As in `zpoints.open`.
        """
        store = super().open(root, version=version, as_of=as_of)
        if network is not None:
            store._code = tuple(network.replace(" ", "").split(","))
        return store

    @property
    def images(self) -> xr.Dataset:
        """Cropped photographs: `pixels` (image, y, x, channel) uint8, with their labels."""
        if "images" not in self.groups and self._imported:
            raise StoreNotFoundError(
                "The vectors of this store were imported without photographs. Repeat `zpoints "
                "import` with --images FOLDER, which names those that they belong to."
            )
        return super().images

    @property
    def model(self) -> xr.Dataset:
        """The trained network: `weights` (byte) uint8 and its loss curves."""
        if "model" not in self.groups and self._imported:
            raise StoreNotFoundError(
                "The vectors of this store were imported, and it has no network. To decode or "
                "encode, pass yours: zp.open_arrays(store.latents.z, decoder=..., encoder=...)."
            )
        return super().model

    @cached_property
    def claims(self) -> "Verdicts":
        """The claims of the method's source, tested on the latents of this version."""
        from zpoints.pipeline.claims.verdicts import all_claims  # loads SciPy

        measured = self._measured
        generators = {
            name: str(self.samples(name).attrs["generator"]) for name in self.sample_names
        }
        return all_claims(
            self.statistics,
            None if self._imported else face_rates(measured),
            generators,
            detector=detector_of(measured),
        )

    @cached_property
    def answers(self) -> "Answers":
        """Answers to the questions that the method's source leaves open, on this version."""
        from zpoints.pipeline.claims.answers import answers  # loads SciPy

        current = self.is_current("structure")
        return answers(self.statistics, self.structure.compute() if current else None)

    def faces(self, n: int = 16, *, of: str | None = None) -> "Figure":
        """A figure of the first photographs, or of the images of a generator's samples.

        Parameters
        ----------
        n
            Number of images.
        of
            Name of the samples, e.g. `ellipse`; the photographs if omitted.

        Raises
        ------
        StoreNotFoundError
            If there are no such samples.

        Examples
        --------
        >>> import zpoints as zp
        >>> store = zp.open("runs/demo")  # doctest: +SKIP
        >>> store.faces(8, of="ellipse")  # doctest: +SKIP
        """
        if of is None:
            return super().faces(n)
        from zpoints.pipeline.figures.image_grids import faces

        return faces(self.samples(of), n)

    def draw(
        self,
        name: str,
        n: int,
        *,
        where: str | None = None,
        seed: int = 0,
        paired: bool = False,
        **parameters: Any,
    ) -> xr.Dataset:
        """Draw vectors with a generator fitted to the statistics, or to those of a query.

        Parameters
        ----------
        name, n, where, seed, paired, parameters
            As in `zpoints.pipeline.latent_space.space.LatentSpace.draw`.

        Raises
        ------
        SampleError
            Also if `name` is that of stored samples; the message has the call that draws such.

        Examples
        --------
        >>> import zpoints as zp
        >>> store = zp.open("runs/demo")  # doctest: +SKIP
        >>> store.draw("ellipse", 8, K=60, where="Smiling")  # doctest: +SKIP
        """
        from zpoints.pipeline.sample.registry import GENERATORS  # loads Numba

        if name not in GENERATORS and name in self.sample_names:
            attrs = self.samples(name).attrs
            call = _call(attrs["generator"], nested(attrs, "parameters"))
            raise SampleError(
                f"{name!r} is a name of stored samples, not of a generator. {call} "
                f"draws such vectors; store.samples({name!r}) holds those that the run drew."
            )
        return super().draw(name, n, where=where, seed=seed, paired=paired, **parameters)

    def export(
        self,
        group: str,
        destination: str | os.PathLike[str],
        *,
        form: "ExportForm" = "zarr",
        overwrite: bool = False,
    ) -> Path:
        """Write a group with its labels to a new folder, a chunk at a time.

        Parameters
        ----------
        group
            Name of the group, e.g. `latents` or `samples/ellipse`.
        destination
            A new folder on this machine.
        form
            "zarr", "parquet", "csv", "npy", or, for images, "png" or "jpeg".
        overwrite
            Whether an earlier export may be replaced.

        Returns
        -------
        pathlib.Path
            The folder; `pandas.read_parquet(folder / "image.parquet")` reads a table of `latents`.

        Raises
        ------
        StoreNotFoundError
            If there is no such group.
        StoreError
            If the form is unknown or does not suit the group, or the folder may not be replaced.

        Examples
        --------
        >>> import zpoints as zp
        >>> store = zp.open("runs/demo")  # doctest: +SKIP
        >>> store.export("latents", "latents-table", form="parquet")  # doctest: +SKIP
        """
        from zpoints.storage.export.forms import export  # loads Arrow's writers and Pillow

        return export(self, group, destination, form=form, overwrite=overwrite)

    def __repr__(self) -> str:
        labels = label_text(self._labelled)
        return "\n".join((super().__repr__(), *([labels] if labels else []), HINT))

    def _repr_html_(self) -> str:
        return f"{super()._repr_html_()}{label_table(self._labelled)}<p>{HINT}</p>"

    @property
    def _labelled(self) -> xr.Dataset:
        """The group with the labels; empty if there is none, or it is damaged."""
        try:
            found = [name for name in ("latents", "images") if name in self.groups]
            return self.group(found[0]) if found else xr.Dataset()
        except StoreError:  # `verify` reports it
            return xr.Dataset()

    def _fitted_to(self, group: str) -> xr.Dataset:
        return self.group(group)

    @property
    def _decoder(self) -> Decoder:
        return self._network.decode

    @property
    def _encoder(self) -> Encoder:
        return self._network.encode

    @property
    def _network(self) -> StoredNetwork:
        return StoredNetwork(self.root, self.version, self._code)

    @property
    def _decoded_components(self) -> int:
        from zpoints.pipeline.network.stored import stored_architecture  # loads torch

        return int(stored_architecture(self.model).z_dim)

    @property
    def _image_shape(self) -> tuple[int, int, int]:
        from zpoints.pipeline.network.stored import stored_architecture

        architecture = stored_architecture(self.model)
        return (architecture.side, architecture.side, architecture.channels)


def open(
    root: str | os.PathLike[str],
    version: str | None = None,
    *,
    as_of: str | date | datetime | None = None,
    network: str | None = None,
) -> LatentStore:
    """Open a store and its latent space.

    Parameters
    ----------
    root, version, as_of
        As in `zpoints.storage.open_store`.
    network
        `package.module:Name` of the class or function that the store's network needs, if it needs
        one; several are separated by commas. No code is imported because a store names it.

    Raises
    ------
    StoreNotFoundError
        If there is no store at `root`, or no such version.
    StoreError
        If `root` is not a path.
    VersionError
        As in `zpoints.storage.open_store`.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> store.query("Smiling and not Male").z.mean("image")  # doctest: +SKIP
    >>> store.decode(store.draw("ellipse", 16).z)  # doctest: +SKIP
    """
    if not isinstance(root, str | os.PathLike):
        raise StoreError(
            f"Got a {type(root).__name__} for the root of a store; expected "
            f'{PLACES}, e.g. zp.open("runs/demo"). zp.open_arrays opens vectors.'
        )
    return LatentStore.open(root, version=version, as_of=as_of, network=network)


def _call(name: str, parameters: Mapping[str, Any]) -> str:
    """The call that draws vectors as stored ones were, without defaults.

    Examples
    --------
    >>> _call("radial_mixture", {"temperature": 1.0, "radius": 0.35, "parts": None})
    "store.draw('radial_mixture', n, radius=0.35)"
    """
    from zpoints.pipeline.sample.draw import generator
    from zpoints.pipeline.sample.registry import GENERATORS

    usual = generator(name).model_dump() if name in GENERATORS else {}
    changed = "".join(f", {k}={v!r}" for k, v in parameters.items() if usual.get(k, ...) != v)
    return f"store.draw({name!r}, n{changed})"
