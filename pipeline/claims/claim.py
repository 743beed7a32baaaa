"""One claim of the source, held against a user's own latent vectors."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Claim:
    """A claim, what was measured, and whether it holds.

    Parameters
    ----------
    number
        1 to 13, as the claims are counted throughout.
    words
        What is claimed.
    measured
        What was found, as text; where nothing could be measured, why not and what to do.
    threshold
        From where on the claim counts as true, as text.
    holds
        None where it could not be measured. False is a result, not an error: counts and ranges
        in latent units depend on the scale that a training gives its latents.
    values
        The measured numbers by name.
    """

    number: int
    words: str
    measured: str
    threshold: str
    holds: bool | None
    values: Mapping[str, float] = field(default_factory=dict)
