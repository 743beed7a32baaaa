"""Statistics of the vectors that a query of labels selects, kept for the next draw."""

import numpy as np
import xarray as xr

from zpoints.pipeline.analyze.passes import analyze
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.labels.labels import Labels

LEAST = 2
"""Vectors that a law is fitted to at least."""


def statistics_where(latents: xr.Dataset, query: str) -> xr.Dataset:
    """The variables of `statistics` for the vectors whose labels a query selects.

    Parameters
    ----------
    latents
        The group `latents`; read twice, chunk by chunk.
    query
        See `Store.query`.

    Raises
    ------
    QueryError
        If the query is not of the language, or names an unknown label.
    SampleError
        If it selects fewer than two vectors.
    """
    rows = Labels(latents).select(query)
    if (found := int(np.count_nonzero(rows))) < LEAST:
        raise SampleError(
            f"The query {query!r} selects {found} of {len(rows):,} vectors; expected at least "
            f"{LEAST}, to which a law can be fitted. Widen the query."
        )
    return analyze(latents["z"], where=rows).assign_attrs(query=query)


def refuse_second_selection(name: str, reads: str) -> None:
    """Refuse `where` for a generator that is fitted to a configured selection."""
    if reads != "statistics":
        raise SampleError(
            f"The generator {name!r} is fitted to {reads}, and where= selects other vectors; "
            "expected one of the two. Leave where out, or draw with its base, e.g. "
            'draw("multivariate_normal", n, where=...).'
        )
