"""Table of the selections of photographs by label."""

from collections.abc import Mapping

import xarray as xr

from zpoints.pipeline.compare.drift import mahalanobis_distance
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.elements.text import number, percentage


def selections(statistics: xr.Dataset, selected: Mapping[str, xr.Dataset]) -> Table:
    """Each selection: query, vectors, shift of the mean, share of the variance.

    Parameters
    ----------
    statistics
        The `statistics` group.
    selected
        The groups `selections/<name>`, by name.
    """
    mean, covariance = statistics["mean"].values, statistics["covariance"].values
    rows = [
        (
            name,
            str(selection.attrs["query"]),
            f"{(count := int(selection['count'].values[0])):,}",
            f"{count / int(statistics['count'].values[0]):.1%}",
            number(mahalanobis_distance(selection["mean"].values - mean, covariance)),
            percentage(selection["variance"].values.sum(), statistics["variance"].values.sum()),
        )
        for name, selection in selected.items()
    ]
    header = ("selection", "query", "vectors", "share", "shift", "variance")
    return Table(header, tuple(rows), text_columns=2)
