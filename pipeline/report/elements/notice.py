"""A notice above everything else on the page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """What a reader has to know before everything else.

    Attributes
    ----------
    text
        What is the matter, with its numbers.
    remedy
        What to do about it; may be empty.
    grave
        Whether the results below are worthless or incomplete because of it.
    """

    text: str
    remedy: str = ""
    grave: bool = False
