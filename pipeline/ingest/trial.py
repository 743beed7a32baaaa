"""Reads a photograph before anything starts, so that a wrong crop fails in seconds."""

import numpy as np

from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest.config import IngestConfig
from zpoints.pipeline.ingest.images import decode_photograph
from zpoints.pipeline.ingest.plan import IngestPlan

TRIED = 5
"""Photographs that are tried until one can be used; the ingest quarantines the others."""


def try_photograph(plan: IngestPlan, config: IngestConfig) -> None:
    """Read and cut the first new photograph, or others where that one is damaged.

    Parameters
    ----------
    plan
        The rows that ``images`` is to have; without new ones nothing is read.
    config
        How photographs are cut.

    Raises
    ------
    SourceError
        If none of some evenly spaced photographs can be used.
    """
    new = plan.rows[plan.carried < 0]
    if not len(new):
        return
    reasons = []
    for row in dict.fromkeys(new[np.linspace(0, len(new) - 1, TRIED).astype(int)].tolist()):
        try:
            data = plan.source.files.read(plan.source.keys[row])
            decode_photograph(data, crop=config.crop, side=config.side, channels=config.channels)
            return
        except PhotographError as error:
            reasons.append(f"{plan.source.names[row]}: {error}")
    raise SourceError(
        f"None of {len(reasons):,} photographs that were tried can be used, e.g. {reasons[0]}. "
        "Nothing was started."
    )
