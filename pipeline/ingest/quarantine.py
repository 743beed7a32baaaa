"""The quarantine: photographs that cannot be used, each with the reason."""

import pandas as pd
import xarray as xr

from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.progress import counted
from zpoints.storage import Store

EXAMPLES = 3
"""Photographs that a message names."""


def refused(source: Source) -> pd.DataFrame:
    """Photographs that the listing shows to be unusable: ``reason``, ``signature`` by name."""
    return pd.DataFrame(
        {
            "reason": [r.reason for r in source.refused],
            "signature": [r.signature for r in source.refused],
        },
        index=pd.Index([r.name for r in source.refused], dtype=object),
        dtype=object,
    )


def quarantine_of(images: xr.Dataset) -> pd.DataFrame:
    """The stored quarantine: ``reason`` and ``signature``, indexed by name."""
    if "quarantined" not in images.variables:
        return pd.DataFrame({"reason": [], "signature": []}, dtype=object)
    return pd.DataFrame(
        {
            "reason": images["quarantine_reason"].values.astype(object),
            "signature": images["quarantine_signature"].values.astype(object),
        },
        index=images["quarantined"].values.astype(object),
    )


def quarantine_refused(quarantine: pd.DataFrame, *, of_vectors: bool) -> str:
    """The error message where no photograph may be unreadable.

    Parameters
    ----------
    quarantine
        Those that are.
    of_vectors
        Whether the reason is that each belongs to a vector, rather than ``source.strict``.
    """
    remedy = (
        "Each belongs to a vector that was made elsewhere: repair them, or leave their vectors out."
        if of_vectors
        else "Repair or remove them, or run without --strict (source.strict=false): they then go "
        "to the quarantine."
    )
    return (
        f"{counted(len(quarantine), 'photograph')} cannot be read: "
        f"{quarantine_examples(quarantine)}. {remedy}"
    )


def quarantine_lines(quarantine: pd.DataFrame) -> list[str]:
    """Lines that report a quarantine; none if it is empty."""
    if quarantine.empty:
        return []
    return [
        f"{counted(len(quarantine), 'photograph')} cannot be read and went into quarantine, e.g. "
        f"{quarantine_examples(quarantine, 1)}."
    ]


def stored_quarantine_lines(store: Store) -> list[str]:
    """Lines that report the stored quarantine; none if it is empty."""
    return quarantine_lines(quarantine_of(store.images))


def quarantine_examples(quarantine: pd.DataFrame, count: int = EXAMPLES) -> str:
    """The first names in a quarantine with their reasons."""
    reasons = quarantine["reason"].head(count).items()
    return "; ".join(f"{name}: {reason}" for name, reason in reasons)
