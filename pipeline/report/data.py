"""The rows of a store that the report needs, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.config import FACE
from zpoints.pipeline.evaluate.held_out import first_finite, held_out_rows, mixed
from zpoints.pipeline.evaluate.measure_table import detector_of
from zpoints.pipeline.labels.labels import known_splits
from zpoints.pipeline.latent_space.neighbours import nearest
from zpoints.pipeline.report.answer.choice import chosen, ordered
from zpoints.pipeline.report.config import ReportConfig
from zpoints.pipeline.report.dominance import Dominance, rank_components
from zpoints.pipeline.report.inputs import Reconstruct, ReportStore
from zpoints.pipeline.report.traversals import Interpolations, Traversal, traverse
from zpoints.pipeline.row_sample import representative_rows
from zpoints.storage.labels.splits import SPLITS
from zpoints.storage.schema.provenance import were_imported

Floats = NDArray[np.float64]

COMPARED = 256
"""Held-out images whose mean is compared with reconstructions."""

LEAST_EXPLAINED = 0.05
"""Share of the variance of pixels up to which reconstructions are no better than the mean image."""

_NONE = np.empty((0, 1, 1, 1), np.uint8)
_NO_IMAGES: Mapping[str, Any] = {
    **dict.fromkeys(("model", "cluster_images", "interpolations")),
    **dict.fromkeys(("originals", "reconstructions", "start_images"), _NONE),
    **dict.fromkeys(("reconstruction_error", "mean_image_error"), np.nan),
    "traversals": (),
}
"""The fields of `ReportData` that need images or the network, where there are none."""


@dataclass(frozen=True)
class Generated:
    """The first vectors of one group of samples.

    Attributes
    ----------
    name
        Name of the samples.
    z
        (sample, component) float64, finite.
    images
        (sample, y, x, channel) uint8, fewer than `z`; none where vectors have no images.
    count
        Number of vectors in the group.
    attrs
        Attributes of the group: generator, parameters, seed, constraint.
    """

    name: str
    z: Floats
    images: NDArray[np.uint8]
    count: int
    attrs: Mapping[str, Any]


@dataclass(frozen=True)
class ReportData:
    """Everything that figures, tables and captions are made of.

    Attributes
    ----------
    config
        The section `report`.
    statistics, model
        These groups, in memory; `model` is None where vectors have no images. What follows has
        none of them then.
    structure
        This group, or None if the store has no current one.
    cluster_images
        (cluster, y, x, channel) uint8, decoded centres of the clusters of `structure`.
    dominance
        The components in order of dominance.
    latents
        This group; `z` is lazy.
    z
        (image, component) float64, some z-points, in runs that are evenly spaced over the store.
    held_out
        Split of the images shown and of `reconstruction_error`: "test", or "all".
    originals, reconstructions
        (image, y, x, channel) uint8, the first held-out images.
    reconstruction_error
        Mean squared error of all held-out images.
    mean_image_error
        That of the mean image, of at most `COMPARED` of them; NaN if they are equal.
    generated
        The samples, the recommended ones first, then by merit; in stored order where none is known.
    splits
        Number of images per split.
    selections
        Statistics of the configured selections, by name.
    start_images
        (image, y, x, channel) uint8, held-out photographs that traversals and interpolations
        start from.
    traversals
        Held-out images along attribute directions.
    interpolations
        Images between held-out photographs.
    quality
        Measures of the evaluated samples, of "real" and of "reconstruction", by name.
    sweep
        Measures of `ellipse` over a grid of its parameters, or None.
    left_out
        Why generators could not be fitted, by the names of their samples.
    nearest
        (vector, y, x, channel) uint8, by the names of samples: the photographs of the stored
        vectors nearest to their first ones, where no network decodes these; else empty.
    """

    config: ReportConfig
    statistics: xr.Dataset
    model: xr.Dataset | None
    structure: xr.Dataset | None
    cluster_images: NDArray[np.uint8] | None
    dominance: Dominance
    latents: xr.Dataset
    z: Floats
    held_out: str
    originals: NDArray[np.uint8]
    reconstructions: NDArray[np.uint8]
    reconstruction_error: float
    mean_image_error: float
    generated: tuple[Generated, ...]
    splits: Mapping[str, int]
    selections: Mapping[str, xr.Dataset]
    start_images: NDArray[np.uint8]
    traversals: tuple[Traversal, ...]
    interpolations: Interpolations | None
    quality: Mapping[str, xr.Dataset]
    sweep: xr.Dataset | None
    left_out: Mapping[str, str]
    nearest: Mapping[str, NDArray[np.uint8]]

    @property
    def what(self) -> str:
        """What is generated: vectors without a network, faces where some were found, or images."""
        if self.model is None:
            return "vectors"
        return "faces" if detector_of(self.quality, otherwise="") == FACE else "images"

    @property
    def explained(self) -> float:
        """Share of the variance of pixels that reconstructions keep; NaN without one."""
        return 1 - self.reconstruction_error / self.mean_image_error

    @property
    def trained(self) -> bool:
        """Whether the network, if there is one, is better than the mean image."""
        return not self.explained < LEAST_EXPLAINED

    @property
    def representative(self) -> Generated | None:
        """The samples that stand for all: the best ones, where that is known."""
        return chosen(self.generated, self.quality)


def read_data(
    store: ReportStore, config: ReportConfig, reconstruct: Reconstruct | None
) -> ReportData:
    """Read from a store what the report shows.

    Parameters
    ----------
    store
        The store. Of its large arrays only the rows shown are read.
    config
        The section `report`.
    reconstruct
        Decodes z (image, component) float32 into images (image, y, x, channel) uint8; None where
        vectors have no images.

    Raises
    ------
    SampleError
        If `config.attributes` names an attribute without a direction.
    """
    latents, statistics = store.latents, store.statistics.compute()
    splits = known_splits(latents)
    quality = {name: store.quality(name).drop_dims("sample") for name in store.quality_names}
    held_out, rows = held_out_rows(latents)
    structure = store.group("structure").compute() if store.is_current("structure") else None
    images = (
        _NO_IMAGES
        if reconstruct is None
        else _read_images(store, config, statistics, structure, rows, reconstruct)
    )
    return ReportData(
        config=config,
        statistics=statistics,
        structure=structure,
        dominance=rank_components(statistics, mu=config.dominant_mu, hw=config.dominant_hw),
        latents=latents,
        z=_finite(
            latents["z"][representative_rows(latents.sizes["image"], config.scatter_points)].values
        ),
        held_out=held_out,
        generated=ordered([_read_samples(store, n, config) for n in store.sample_names], quality),
        splits={} if splits is None else _count(splits),
        selections={name: store.selection(name) for name in store.selection_names},
        quality=quality,
        sweep=_sweep(store),
        left_out=store.left_out,
        nearest=_nearest(store, config),
        **images,
    )


def _read_images(
    store: ReportStore,
    config: ReportConfig,
    statistics: xr.Dataset,
    structure: xr.Dataset | None,
    rows: NDArray[np.int64],
    reconstruct: Reconstruct,
) -> dict[str, Any]:
    """The fields of `ReportData` that need images or the network."""
    latents, rows = store.latents, mixed(rows)
    shown = rows[: config.reconstructions]
    starts = first_finite(
        latents["z"], rows, max(config.attribute_images, 2 * config.interpolations)
    )
    start_images = store.images["pixels"][starts].values
    traversals, interpolations = traverse(
        latents, statistics, starts, start_images, config, reconstruct
    )
    return {
        "model": store.model.drop_vars("weights", errors="ignore").compute(),
        "cluster_images": None
        if structure is None
        else reconstruct(structure["cluster_centre"].values.astype(np.float32)),
        "originals": store.images["pixels"][shown].values,
        "reconstructions": reconstruct(latents["z"][shown].values),
        "reconstruction_error": float(latents["reconstruction_error"][rows].mean().compute()),
        "mean_image_error": _mean_image_error(store.images, rows),
        "start_images": start_images,
        "traversals": traversals,
        "interpolations": interpolations,
    }


def _mean_image_error(images: xr.Dataset, rows: NDArray[np.int64]) -> float:
    """Mean squared error of the mean of some images, pixel values from 0 to 1."""
    some = rows[representative_rows(len(rows), COMPARED, blocks=4)]
    pixels = images["pixels"][some].values / np.float32(255)
    error = float(pixels.var(axis=0, ddof=1).mean()) if len(pixels) > 1 else 0.0
    return error if error > 0 else np.nan


def _nearest(store: ReportStore, config: ReportConfig) -> dict[str, NDArray[np.uint8]]:
    """Photographs nearest to the first vectors of each generator; one pass over the vectors."""
    latents, names = store.latents, store.sample_names
    if not (were_imported(latents) and store.is_current("images") and names):
        return {}
    drawn = [store.samples(name)["z"][: config.faces].values for name in names]
    rows = nearest(latents["z"].data, np.concatenate(drawn).astype(np.float64), 1).rows[:, 0]
    shown = store.images["pixels"].sel(image=latents["image"].values[rows]).values
    borders = np.cumsum([len(z) for z in drawn])[:-1]
    return dict(zip(names, np.split(shown, borders), strict=True))


def _sweep(store: ReportStore) -> xr.Dataset | None:
    if not store.is_current("sweep"):
        return None
    sweep = store.sweep
    return sweep if sweep.sizes["point"] else None


def _count(splits: NDArray[np.object_]) -> dict[str, int]:
    counts = {name: int(np.count_nonzero(splits == name)) for name in np.unique(splits)}
    known = {name: counts.pop(name) for name in SPLITS if name in counts}
    return known | counts


def _finite(z: NDArray[np.float32]) -> Floats:
    return z[np.isfinite(z).all(axis=1)].astype(np.float64)


def _read_samples(store: ReportStore, name: str, config: ReportConfig) -> Generated:
    samples = store.samples(name)
    return Generated(
        name=name,
        z=_finite(samples["z"][: config.scatter_points].values),
        images=samples["pixels"][: config.faces].values if "pixels" in samples else _NONE,
        count=samples.sizes["sample"],
        attrs=samples.attrs,
    )
