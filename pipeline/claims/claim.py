"""One claim of the source: its statement, and the verdict on a user's own latent vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Statement:
    """A row of the table of claims.

    Attributes
    ----------
    number
        1 to 13, the number of the claim throughout.
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

    def unmeasured(self, reason: str) -> Claim:
        """The verdict where nothing could be measured, with the reason."""
        return Claim(self.number, self.text, reason, self.threshold, None)


@dataclass(frozen=True)
class Claim:
    """A claim, the measurement, and whether the claim holds.

    Attributes
    ----------
    number
        1 to 13, the number of the claim throughout.
    statement
        The claim.
    measured
        The result, as text. Where nothing could be measured: the reason and the remedy.
    threshold
        When the claim counts as true, as text.
    holds
        None where nothing could be measured. False is a result, not an error: counts and ranges in
        latent units depend on the scale that a training gives its latents.
    values
        The measured numbers by name.
    """

    number: int
    statement: str
    measured: str
    threshold: str
    holds: bool | None
    values: Mapping[str, float] = field(default_factory=dict)
