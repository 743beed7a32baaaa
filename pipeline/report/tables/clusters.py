"""Table of the clusters of vectors that have no images."""

import xarray as xr

from zpoints.pipeline.figures.labels.clusters import enriched_labels
from zpoints.pipeline.figures.style import readable
from zpoints.pipeline.report.elements.table import Table


def cluster_sizes(structure: xr.Dataset) -> Table:
    """Size of each cluster, its share, and the labels in which it exceeds all vectors most."""
    counts = structure["cluster_count"].values
    labelled = bool({"attribute", "category"} & set(structure.coords))
    rows = []
    for cluster, count in enumerate(counts):
        row = (str(cluster + 1), f"{count:,}", f"{count / counts.sum():.1%}")
        rows.append((*row, _labels(structure.isel(cluster=cluster))) if labelled else row)
    header = ("cluster", "vectors", "share", *(("labels",) if labelled else ()))
    return Table(header, tuple(rows))


def _labels(cluster: xr.Dataset) -> str:
    return ", ".join(f"{readable(name)} {share:.0%}" for name, share, _ in enriched_labels(cluster))
