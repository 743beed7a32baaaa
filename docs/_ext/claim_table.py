"""The claims with the condition under which each holds, from the code that judges them."""

import numpy as np
from markdown_table import table

from zpoints.pipeline.analyze.passes import analyze
from zpoints.pipeline.claims.verdicts import all_claims

VECTORS, COMPONENTS = 2000, 256
"""Normal vectors of as many components as the source's; the statements name that number."""


def markdown() -> str:
    """A row for each claim; its verdict on some vectors is left out."""
    import dask.array as da

    vectors = np.random.default_rng(0).normal(size=(VECTORS, COMPONENTS))
    rates = {"reconstruction": 1.0, "ellipse": 1.0, "uniform": 0.0}
    generators = {"ellipse": "ellipse", "uniform": "uniform"}
    found = all_claims(analyze(da.from_array(vectors)), rates, generators)
    rows = [(str(c.number), c.statement, c.threshold) for c in found]
    return table(["", "claim", "holds if"], rows)
