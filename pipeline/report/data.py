"""The rows of a store that the report needs, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.evaluate.held_out import first_finite
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.labels.splits import SPLITS
from zpoints.pipeline.report.arithmetic import Moved, Ways, read_arithmetic
from zpoints.pipeline.report.config import ReportConfig
from zpoints.pipeline.report.dominant import Dominance, rank_components
from zpoints.pipeline.report.figures.pairs import Cloud
from zpoints.pipeline.report.inputs import Reconstruct, ReportStore
from zpoints.pipeline.row_sample import representative_rows

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Generated:
    """The first vectors of one group of samples.

    Parameters
    ----------
    name
        Name of the group.
    z
        (sample, component) float64.
    faces
        (sample, y, x, channel) uint8, fewer than `z`.
    count
        How many vectors the group has.
    attrs
        Its attributes: generator, parameters, seed, constraint.
    """

    name: str
    z: Floats
    faces: NDArray[np.uint8]
    count: int
    attrs: Mapping[str, Any]

    @property
    def radii(self) -> Floats:
        """(sample) length of each vector."""
        return np.linalg.norm(self.z, axis=1)


@dataclass(frozen=True)
class Material:
    """Everything that figures, tables and captions are made of.

    Parameters
    ----------
    config
        What the report shows.
    statistics, model
        These groups, in memory.
    structure
        This group, if the store has it.
    centres
        (cluster, y, x, channel) uint8, the decoded centres of its clusters.
    dominance
        The components in order of dominance.
    z
        (image, component) float64, some z-points from all over the store.
    originals, reconstructions
        (image, y, x, channel) uint8, the first held-out images.
    held_out
        Name of the images that `error` and `originals` are taken from.
    error
        Mean reconstruction error of all held-out images.
    generated
        The samples, in the order of their names.
    splits
        Number of images per split.
    selections
        Statistics of the configured selections, by name.
    led
        (image, y, x, channel) uint8, the held-out photographs that `moved` and `ways` begin with.
    moved
        Held-out images along attribute directions.
    ways
        Ways between held-out images.
    quality
        The measures of each evaluated group of samples, and of "real" and "reconstruction".
    sweep
        Measures of `ellipse` over a grid of its parameters, if there was a sweep.
    """

    config: ReportConfig
    statistics: xr.Dataset
    model: xr.Dataset
    structure: xr.Dataset | None
    centres: NDArray[np.uint8] | None
    dominance: Dominance
    z: Floats
    originals: NDArray[np.uint8]
    reconstructions: NDArray[np.uint8]
    held_out: str
    error: float
    generated: tuple[Generated, ...]
    splits: Mapping[str, int]
    selections: Mapping[str, xr.Dataset]
    led: NDArray[np.uint8]
    moved: tuple[Moved, ...]
    ways: Ways
    quality: Mapping[str, xr.Dataset]
    sweep: xr.Dataset | None

    def principal(self, z: Floats) -> Floats:
        """Return the leading PCA coordinates (vector, axis) of vectors (vector, component)."""
        return self._leading().project(z)

    def original(self, z: Floats) -> Floats:
        """Return the most dominant components (vector, axis) of vectors (vector, component)."""
        return z[:, self.dominance.order[: self.config.leading]]

    def principal_cloud(self) -> Cloud:
        """Return the z-points in the leading PCA coordinates."""
        variance = self._leading().explained_variance
        labels = tuple(f"$v_{{{k}}}$" for k in range(1, len(variance) + 1))
        return Cloud(self.principal(self.z), np.zeros(len(variance)), np.diag(variance), labels)

    def _leading(self) -> Basis:
        return Basis.from_statistics(self.statistics).leading(self.config.leading)

    def original_cloud(self) -> Cloud:
        """Return the z-points in the most dominant components."""
        axes = self.dominance.order[: self.config.leading]
        covariance = self.statistics["covariance"].values[np.ix_(axes, axes)]
        labels = tuple(f"$z_{{{i}}}$" for i in axes)
        return Cloud(
            self.original(self.z), self.statistics["mean"].values[axes], covariance, labels
        )


def read_material(store: ReportStore, config: ReportConfig, reconstruct: Reconstruct) -> Material:
    """Read from a store what the report shows.

    Parameters
    ----------
    store
        The store; of its large arrays only the rows shown are read.
    config
        How much is shown.
    reconstruct
        Decodes z (image, component) float32 into images (image, y, x, channel) uint8.
    """
    latents, statistics = store.latents, store.statistics.compute()
    labels = Labels(latents).splits if {"split", "checksum"} & set(latents.coords) else None
    held_out, rows = _held_out(labels, latents.sizes["image"])
    shown = rows[: config.reconstructions]
    structure = store.group("structure").compute() if store.is_current("structure") else None
    led = first_finite(latents["z"], rows, max(config.attribute_images, 2 * config.interpolations))
    photographs = store.images["image"][led].values
    moved, ways = read_arithmetic(latents, statistics, led, photographs, config, reconstruct)
    return Material(
        config=config,
        statistics=statistics,
        model=store.model.drop_vars("weights", errors="ignore").compute(),
        structure=structure,
        centres=None
        if structure is None
        else reconstruct(structure["cluster_centre"].values.astype(np.float32)),
        dominance=rank_components(statistics, mu=config.dominant_mu, hw=config.dominant_hw),
        z=_finite(
            latents["z"][representative_rows(latents.sizes["image"], config.scatter_points)].values
        ),
        originals=store.images["image"][shown].values,
        reconstructions=reconstruct(latents["z"][shown].values),
        held_out=held_out,
        error=float(latents["reconstruction_error"][rows].mean().compute()),
        generated=tuple(_read_samples(store, name, config) for name in store.sample_names),
        splits={} if labels is None else _count(labels),
        selections={name: store.selection(name) for name in store.selection_names},
        led=photographs,
        moved=moved,
        ways=ways,
        quality={name: store.quality(name).drop_dims("sample") for name in store.quality_names},
        sweep=store.sweep if store.is_current("sweep") else None,
    )


def _held_out(labels: NDArray[np.object_] | None, total: int) -> tuple[str, NDArray[np.int64]]:
    """Return the name and the rows of the test images, or of all where there are none."""
    if labels is not None:
        rows = np.flatnonzero(labels == "test")
        if rows.size:
            return "test", rows
    return "all", np.arange(total)


def _count(labels: NDArray[np.object_]) -> dict[str, int]:
    counts = {name: int(np.count_nonzero(labels == name)) for name in np.unique(labels)}
    known = {name: counts.pop(name) for name in SPLITS if name in counts}
    return known | counts


def _finite(z: NDArray[np.float32]) -> Floats:
    return z[np.isfinite(z).all(axis=1)].astype(np.float64)


def _read_samples(store: ReportStore, name: str, config: ReportConfig) -> Generated:
    samples = store.samples(name)
    return Generated(
        name=name,
        z=_finite(samples["z"][: config.scatter_points].values),
        faces=samples["image"][: config.faces].values,
        count=samples.sizes["sample"],
        attrs=samples.attrs,
    )
