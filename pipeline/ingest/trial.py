"""Reads a photograph before anything starts, so that a wrong crop fails in seconds."""

import numpy as np

from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest.config import IngestConfig
from zpoints.pipeline.ingest.images import decode_photograph
from zpoints.pipeline.ingest.plan import IngestPlan
from zpoints.pipeline.progress import counted

TRIED = 5
"""Photographs that are tried until one can be used; the ingest quarantines the others."""


def try_photograph(plan: IngestPlan, config: IngestConfig) -> None:
    """Read and cut the first photograph, or others where that one is damaged.

    Stored photographs show that the crop fits: of those that are only new, the ingest quarantines
    the damaged ones.

    Parameters
    ----------
    plan
        The rows that ``images`` is to have; if some are stored already, nothing is read.
    config
        How photographs are cut.

    Raises
    ------
    SourceError
        If none of some evenly spaced photographs can be used.
    """
    if plan.new < len(plan.rows) or not plan.new:
        return
    reasons = []
    places = np.linspace(0, plan.new - 1, TRIED).astype(int)
    for row in dict.fromkeys(plan.rows[places].tolist()):
        try:
            data = plan.source.files.read(plan.source.keys[row])
            decode_photograph(data, crop=config.crop, side=config.side, channels=config.channels)
            return
        except PhotographError as error:
            reasons.append(f"{plan.source.names[row]}: {error}")
    raise SourceError(
        f"None of {counted(len(reasons), 'photograph')} that were tried can be used, expected one: "
        f"{reasons[0]}. Nothing was started."
    )
