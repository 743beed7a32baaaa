"""The latent space of a store."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.claims.answers import Answers, answers
from zpoints.pipeline.claims.verdicts import Verdicts, all_claims
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.evaluate.config import REFERENCES
from zpoints.pipeline.evaluate.measure_table import all_measures, detector_of, face_rates
from zpoints.pipeline.evaluate.merit import by_merit, memorises, merits
from zpoints.pipeline.evaluate.recommendation import Recommendation, recommend
from zpoints.pipeline.latent_space.coding import Decoder, Encoder
from zpoints.pipeline.latent_space.space import HINT, LatentSpace
from zpoints.pipeline.sample.draw import generator
from zpoints.pipeline.sample.registry import GENERATORS
from zpoints.storage import Store
from zpoints.storage.schema.attributes import nested
from zpoints.storage.schema.provenance import were_imported

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from zpoints.pipeline.network.serving import Network
    from zpoints.storage.export.forms import ExportForm

ENCODED_AT_ONCE = 128
"""Images per forward pass."""
GPU_REMEDY = "Set CUDA_VISIBLE_DEVICES to nothing to use the processor."


class LatentStore(Store, LatentSpace):
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

    @cached_property
    def claims(self) -> Verdicts:
        """The claims of the method's source, tested on the latents of this version."""
        measured = {name: self.quality(name) for name in self.quality_names}
        generators = {
            name: str(self.samples(name).attrs["generator"]) for name in self.sample_names
        }
        return all_claims(
            self.statistics,
            None if were_imported(self.latents) else face_rates(measured),
            generators,
            detector=detector_of(measured),
        )

    @cached_property
    def answers(self) -> Answers:
        """Answers to the questions that the method's source leaves open, on this version."""
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
        """
        if of is None:
            return super().faces(n)
        from zpoints.pipeline.figures.image_grids import faces

        return faces(self.samples(of), n)

    def compare(self) -> pd.DataFrame:
        """Quality of the images of each generator, of reconstructions and of real photographs.

        Vectors without a network are compared themselves, with held-out ones in the row `real`.

        Returns
        -------
        pandas.DataFrame
            A row per name, the references first, then the generators by their figure of merit
            (`zpoints.pipeline.evaluate.merit`); for each measure its value, and its standard error
            where it has one; `memorises`: whether a generator nearly copies training vectors.
        """
        measured = {name: self.quality(name) for name in self.quality_names}
        found, rows = merits(measured), {}
        for name in by_merit(measured):
            row, real = measured[name], measured.get("real")
            keys = [key for m in all_measures() for key in m.stored_as if key in row]
            rows[name] = {
                "merit": found[name].value,
                "merit_error": found[name].error,
                "memorises": real is not None and name not in REFERENCES and memorises(row, real),
                **{key: float(row[key]) for key in keys},
            }
        judged = "vectors" if rows and were_imported(self.latents) else "images"
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(judged)

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
        """
        if name not in GENERATORS and name in self.sample_names:
            attrs = self.samples(name).attrs
            call = _call(attrs["generator"], nested(attrs, "parameters"))
            raise SampleError(
                f"{name!r} is a name of stored samples, not of a generator. {call} "
                f"draws such vectors; store.samples({name!r}) holds those that the run drew."
            )
        return super().draw(name, n, where=where, seed=seed, paired=paired, **parameters)

    def recommended(self) -> pd.DataFrame:
        """Which generator for what, chosen from the measures on these latent vectors.

        Collapsed sets, noise and generators that memorise are never chosen
        (`zpoints.pipeline.evaluate.recommendation`).

        Returns
        -------
        pandas.DataFrame
            A row for each of "cleanest", "most diverse" and "best of both": the samples' `name`,
            the `reason`, and the `price` in numbers. Empty where no generator qualifies.
        """
        measured = {name: self.quality(name) for name in self.quality_names}
        return pd.DataFrame(recommend(measured), columns=Recommendation._fields).set_index(
            "purpose"
        )

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
        """
        from zpoints.storage.export.forms import export  # loads Arrow's writers and Pillow

        return export(self, group, destination, form=form, overwrite=overwrite)

    def __repr__(self) -> str:
        return f"{super().__repr__()}\n{HINT}"

    def _repr_html_(self) -> str:
        return f"{super()._repr_html_()}<p>{HINT}</p>"

    def _fitted_to(self, group: str) -> xr.Dataset:
        return self.group(group)

    @property
    def _decoder(self) -> Decoder:
        return self._network.decode

    @property
    def _encoder(self) -> Encoder:
        return self._network.encode

    @property
    def _network(self) -> "_StoredNetwork":
        return _StoredNetwork(self.root, self.version, self._code)

    @property
    def _decoded_components(self) -> int:
        from zpoints.pipeline.network.stored import stored_architecture  # loads torch

        return int(stored_architecture(self.model).z_dim)

    @property
    def _image_shape(self) -> tuple[int, int, int]:
        from zpoints.pipeline.network.stored import stored_architecture

        architecture = stored_architecture(self.model)
        return (architecture.side, architecture.side, architecture.channels)


@dataclass(frozen=True)
class _StoredNetwork:
    """The network of a version; a few bytes in a task.

    It computes with one thread of torch, since as many tasks run at once as there are cores.
    """

    root: str
    version: str
    code: tuple[str, ...]

    def decode(self, z: NDArray[np.float32]) -> NDArray[np.uint8]:
        with self._loaded() as network:
            return network.decode(z)

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        with self._loaded() as network:
            return network.encode(images, batch=ENCODED_AT_ONCE)["z"]

    def _loaded(self) -> AbstractContextManager["Network"]:
        from zpoints.pipeline.network.serving import task_network  # loads torch

        return task_network(self.root, self.version, "auto", remedy=GPU_REMEDY, code=self.code)


def open(
    root: str | os.PathLike[str],
    *,
    version: str | None = None,
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
    VersionError
        As in `zpoints.storage.open_store`.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> store.query("Smiling and not Male").z.mean("image")  # doctest: +SKIP
    >>> store.decode(store.draw("ellipse", 16).z)  # doctest: +SKIP
    """
    return LatentStore.open(root, version=version, as_of=as_of, network=network)


def _call(name: str, parameters: Mapping[str, Any]) -> str:
    """The call that draws vectors as stored ones were, without defaults.

    Examples
    --------
    >>> _call("radial_mixture", {"temperature": 1.0, "radius": 0.35, "parts": None})
    "store.draw('radial_mixture', n, radius=0.35)"
    """
    usual = generator(name).model_dump() if name in GENERATORS else {}
    changed = "".join(f", {k}={v!r}" for k, v in parameters.items() if usual.get(k, ...) != v)
    return f"store.draw({name!r}, n{changed})"
