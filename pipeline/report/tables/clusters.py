"""Table of the clusters of vectors that have no images."""

import xarray as xr

from zpoints.pipeline.figures.label_structure import enriched
from zpoints.pipeline.figures.style import readable
from zpoints.pipeline.report.elements.table import Table


def cluster_sizes(structure: xr.Dataset) -> Table:
    """Size of each cluster, its share, and the attributes in which it exceeds all vectors most."""
    counts, labelled = structure["cluster_count"].values, "attribute" in structure.coords
    rows = []
    for cluster, count in enumerate(counts):
        row = (str(cluster + 1), f"{count:,}", f"{count / counts.sum():.1%}")
        rows.append((*row, _attributes(structure.isel(cluster=cluster))) if labelled else row)
    header = ("cluster", "vectors", "share", *(("attributes",) if labelled else ()))
    return Table(header, tuple(rows))


def _attributes(cluster: xr.Dataset) -> str:
    share, rate = cluster["cluster_attribute_share"].values, cluster["attribute_rate"].values
    names = cluster["attribute"].values
    return ", ".join(f"{readable(names[k])} {share[k]:.0%}" for k in enriched(share, rate))
