"""The group `structure`: directions, clusters and probes of latent vectors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.labels.attribute_statistics import AttributeStatistics
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.structure.against_normal import compare_with_normal
from zpoints.pipeline.structure.blocks import rows_where
from zpoints.pipeline.structure.clusters import (
    Clusters,
    attribute_counts,
    category_shares,
    cluster_roc_auc,
    cramers_v,
    find_clusters,
)
from zpoints.pipeline.structure.config import StructureConfig
from zpoints.pipeline.structure.directions import direction_effects, pair_angles
from zpoints.pipeline.structure.label_probes import Split, probe_labels
from zpoints.pipeline.structure.probes import log_odds, probe_scores, train_probes

Bools = NDArray[np.bool_]
Contents = dict[str, tuple[tuple[str, ...], Any]]
Progress = Callable[[float, str], None]

AFTER = 0.8
"""Share of the work done after the probes of attributes."""


@dataclass(frozen=True)
class _Rows:
    """Vectors that a computation uses; each (image,) bool.

    Attributes
    ----------
    finite
        Without NaN or infinite components.
    annotated
        Finite, of photographs that came with attributes.
    train, test
        Annotated, of this split.
    """

    finite: Bools
    annotated: Bools
    train: Bools
    test: Bools

    @classmethod
    def of(cls, labels: Labels, finite: Bools) -> "_Rows":
        annotated = finite & labels.annotated
        train, test = (annotated & labels.in_split(split) for split in ("train", "test"))
        return cls(finite, annotated, train, test)


def describe_structure(
    latents: xr.Dataset,
    statistics: xr.Dataset,
    config: StructureConfig | None = None,
    *,
    on_progress: Progress = lambda share, note: None,
) -> xr.Dataset:
    """Compute the group `structure`.

    Parameters
    ----------
    latents, statistics
        The groups. `z` is read chunk by chunk, several times, by the active Dask scheduler.
    config
        Settings; the defaults of `StructureConfig` if omitted.
    on_progress
        Called with the share of the work done, and the name of the current step.

    Returns
    -------
    xr.Dataset
        The variables of the group, in memory; those of attributes and of other labels only if there
        are any. Undefined values are NaN: the probe of an attribute or label unless the training
        and the test split both have two of its values, and the direction of an attribute if all
        vectors have it or none.
    """
    config = config or StructureConfig()
    z = latents["z"].data
    labels = Labels(latents)
    rows = _Rows.of(labels, _finite(z, int(statistics["nan_rows"])))
    variance = float(statistics["variance"].mean())
    finite, basis = rows_where(z, rows.finite), Basis.from_statistics(statistics)
    on_progress(0.0, "clusters")
    clusters = find_clusters(finite, config.clusters, variance=variance, seed=config.seed)
    contents: Contents = {
        "cluster_centre": (("cluster", "component"), clusters.centre),
        "cluster_count": (("cluster",), clusters.count),
    }
    on_progress(0.4, "normal vectors")
    contents |= compare_with_normal(finite, basis, clusters=config.clusters, seed=config.seed)
    if labels.names:
        contents |= _directions(statistics, list(labels.names))
        contents |= _clusters(clusters, labels.values, rows)
        contents |= _probes(z, statistics, labels.values, rows, config, on_progress)
    if labels.as_numbers is not None:
        contents |= category_shares(
            clusters.member, labels.as_numbers[rows.finite], len(clusters.count)
        )
        contents |= probe_labels(
            Split(z, *(rows.finite & labels.in_split(split) for split in ("train", "test"))),
            labels.as_numbers,
            basis,
            epochs=config.epochs,
            seed=config.seed,
            on_progress=lambda share: on_progress(AFTER + (1 - AFTER) * share, "probes of labels"),
        )
    names = np.array(labels.names, dtype=np.dtypes.StringDType())
    dims = ("attribute", "other_attribute") if labels.names else ()
    coords = {dim: (dim, names) for dim in dims}
    return xr.Dataset(contents, coords)


def _both_values(values: Bools) -> Bools:
    """(attribute) bool: some of the rows (row, attribute) have the attribute and some do not."""
    return np.asarray(values.any(axis=0) & ~values.all(axis=0))


def _finite(z: da.Array, nan_rows: int) -> NDArray[np.bool_]:
    """(image,) bool: whether all components of a vector are finite."""
    if nan_rows == 0:
        return np.ones(len(z), bool)
    return np.asarray(da.isfinite(z).all(axis=1).compute())


def _directions(statistics: xr.Dataset, names: list[str]) -> Contents:
    attributes = AttributeStatistics(statistics)
    count = attributes.annotated
    having = statistics["attribute_count"].sel(attribute=names).values
    direction = attributes.directions().sel(attribute=names).values
    effect = direction_effects(direction, having, count, statistics["covariance"].values)
    pairs = ("attribute", "other_attribute")
    whitened = direction @ Basis.from_statistics(statistics).whitening
    return {
        "attribute_rate": (("attribute",), having / max(count, 1)),
        "direction": (("attribute", "component"), direction),
        "direction_effect": (("attribute",), effect),
        "direction_angle": (pairs, pair_angles(direction)),
        "whitened_direction_angle": (pairs, pair_angles(whitened)),
    }


def _clusters(clusters: Clusters, values: Bools, rows: _Rows) -> Contents:
    """Association of clusters and attributes; `values` (image, attribute)."""
    member = np.full(len(rows.finite), -1)
    member[rows.finite] = clusters.member

    def counts(chosen: Bools) -> tuple[Any, Any]:
        return attribute_counts(member[chosen], values[chosen], len(clusters.count))

    total, having = counts(rows.annotated)
    trained, trained_having = counts(rows.train)
    testable = _both_values(values[rows.train]) & _both_values(values[rows.test])
    auc = np.full(values.shape[1], np.nan)
    auc[testable] = cluster_roc_auc(
        trained_having[:, testable] / np.maximum(trained, 1)[:, None],
        member[rows.test],
        values[rows.test][:, testable],
    )
    with np.errstate(invalid="ignore"):
        share = having / total[:, None]
    return {
        "cluster_attribute_share": (("cluster", "attribute"), share),
        "cluster_cramers_v": (("attribute",), cramers_v(total, having)),
        "cluster_roc_auc": (("attribute",), auc),
    }


def _probes(
    z: da.Array,
    statistics: xr.Dataset,
    values: Bools,
    rows: _Rows,
    config: StructureConfig,
    on_progress: Progress,
) -> Contents:
    """Linear probes and their scores on the test split; `values` (image, attribute)."""
    train, test = values[rows.train], values[rows.test]
    testable = _both_values(train) & _both_values(test)
    attributes, components = len(testable), z.shape[1]
    found: dict[str, NDArray[np.float64]] = {
        "coefficient": np.full((attributes, components), np.nan),
        **{
            name: np.full(attributes, np.nan)
            for name in ("intercept", "accuracy", "balanced_accuracy", "roc_auc", "majority")
        },
    }
    if testable.any():
        probes = train_probes(
            rows_where(z, rows.train),
            train[:, testable],
            Basis.from_statistics(statistics),
            epochs=config.epochs,
            seed=config.seed,
            on_progress=lambda share: on_progress(0.5 + (AFTER - 0.5) * share, "probes"),
        )
        unseen = rows_where(z, rows.test)
        odds = da.map_blocks(
            log_odds,
            unseen,
            probes.coefficient,
            probes.intercept,
            dtype=np.float64,
            chunks=(unseen.chunks[0], (np.count_nonzero(testable),)),
        ).compute()
        found["coefficient"][testable] = probes.coefficient
        found["intercept"][testable] = probes.intercept
        for name, scores in probe_scores(odds, test[:, testable]).items():
            found[name][testable] = scores
    dims = ("attribute", "component")
    return {f"probe_{name}": (dims[: array.ndim], array) for name, array in found.items()}
