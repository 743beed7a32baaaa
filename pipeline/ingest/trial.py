"""Reads a photograph before anything starts, so that a wrong crop fails in seconds."""

import numpy as np

from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest.config import IngestConfig
from zpoints.pipeline.ingest.images import decode_photograph
from zpoints.pipeline.ingest.plan import IngestPlan
from zpoints.pipeline.ingest.tables.join import listed
from zpoints.pipeline.progress import counted

TRIED = 32
"""Photographs that are tried until one can be used; the ingest quarantines the others."""
REASONS = 3
"""Reasons that a message gives at most."""
NAMED = 3
"""Photographs that a message names for each reason at most."""


def try_photograph(plan: IngestPlan, config: IngestConfig) -> None:
    """Read and cut the first photograph, or others all over the source where that is damaged.

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
    refused: dict[str, list[str]] = {}
    places = np.linspace(0, plan.new - 1, TRIED).astype(int)
    for row in dict.fromkeys(plan.rows[places].tolist()):
        try:
            data = plan.source.files.read(plan.source.keys[row])
            decode_photograph(data, crop=config.crop, side=config.side, channels=config.channels)
            return
        except PhotographError as error:
            refused.setdefault(str(error).rstrip("."), []).append(str(plan.source.names[row]))
    tried = sum(map(len, refused.values()))
    reasons = [f"{_some(names)}: {reason}" for reason, names in refused.items()]
    others = [name for names in list(refused.values())[REASONS:] for name in names]
    more = f" For other reasons: {_some(others)}." if others else ""
    raise SourceError(
        f"None of {counted(tried, 'photograph')} that were tried, spread over the source, can be "
        f"used; expected one. {'; '.join(reasons[:REASONS])}.{more} Nothing was started."
    )


def _some(names: list[str]) -> str:
    """The number of photographs, with some names."""
    return f"{counted(len(names), 'photograph')} ({listed(names, NAMED)})"
