"""One claim of the source: its statement, and the verdict on a user's own latent vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import xarray as xr

LEAST_VECTORS = 100
"""Fewest vectors on which any claim is decided: 100 have contours too."""


@dataclass(frozen=True)
class Statement:
    """A row of the table of claims.

    Attributes
    ----------
    number
        1 to 17, the number of the claim throughout.
    text
        The claim.
    threshold
        When the claim counts as true, as text.
    """

    number: int
    text: str
    threshold: str

    def judged(self, measured: str, holds: bool, values: Mapping[str, float]) -> Claim:
        """The verdict after a measurement.

        Parameters
        ----------
        measured
            The result, as text.
        holds
            Whether it satisfies the threshold.
        values
            The measured numbers by name.
        """
        return Claim(self.number, self.text, measured, self.threshold, holds, values)

    def undecided(self, reason: str) -> Claim:
        """The verdict where the data cannot decide the claim, with the reason."""
        return Claim(self.number, self.text, reason, self.threshold, None)


@dataclass(frozen=True)
class Claim:
    """A claim, the measurement, and whether the claim holds.

    Attributes
    ----------
    number
        1 to 17, the number of the claim throughout.
    statement
        The claim.
    measured
        The result, as text. Where the data cannot decide the claim: the reason and the remedy.
    threshold
        When the claim counts as true, as text.
    holds
        None where the data cannot decide the claim, e.g. because there are too few vectors. False
        is a result, not an error.
    values
        The measured numbers by name.
    """

    number: int
    statement: str
    measured: str
    threshold: str
    holds: bool | None
    values: Mapping[str, float] = field(default_factory=dict)


def too_few(statistics: xr.Dataset, least: int = LEAST_VECTORS) -> str | None:
    """Why a claim is not decided on these vectors; None if there are enough.

    Parameters
    ----------
    statistics
        The `statistics` group: `count` (component).
    least
        Fewest vectors.
    """
    vectors = int(statistics["count"].values.max(initial=0))
    return f"{vectors:,} vectors; at least {least:,} are needed" if vectors < least else None
