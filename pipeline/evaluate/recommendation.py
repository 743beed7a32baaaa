"""Which generator for what, chosen from measures on the user's own data."""

from collections.abc import Mapping
from typing import NamedTuple

from zpoints.pipeline.evaluate.merit import Row, merits, sound

LEAST_RECALL = 0.5
"""Recall, relative to `real`, that the cleanest generator has at least."""
LEAST_PRECISION = 0.8
"""Precision, relative to `real`, that the most diverse generator has at least."""

CLEANEST, DIVERSE, BOTH = "cleanest", "most diverse", "best of both"


class Recommendation(NamedTuple):
    """A generator for a purpose.

    Attributes
    ----------
    purpose
        "cleanest", "most diverse" or "best of both".
    name
        Name of the samples.
    reason
        What it has most of.
    price
        What it costs, in numbers, against the best of both; empty if nothing.
    """

    purpose: str
    name: str
    reason: str
    price: str

    @property
    def sentence(self) -> str:
        """The recommendation as one sentence.

        Examples
        --------
        >>> Recommendation("cleanest", "a", "precision 0.90", "costs 0.12 of recall").sentence
        'Cleanest: a (precision 0.90; costs 0.12 of recall).'
        """
        because = "; ".join(part for part in (self.reason, self.price) if part)
        return f"{self.purpose.capitalize()}: {self.name} ({because})."


def recommend(rows: Mapping[str, Row]) -> tuple[Recommendation, ...]:
    """Choose the cleanest generator, the most diverse one, and the best of both.

    - best of both: the largest merit;
    - cleanest: the largest precision of those with at least half of the recall of `real`;
    - most diverse: the largest recall of those with at least 0.8 of the precision of `real`.

    Generators that memorise, or whose merit is below 0.5, such as collapsed sets and noise, are
    never chosen. The price is what a choice has less of than the best of both.

    Parameters
    ----------
    rows
        The measures of each generator and of `real`, by name.

    Returns
    -------
    tuple
        At most three recommendations; none where no generator qualifies.
    """
    fit = {name: rows[name] for name in rows if name in sound(rows)}
    if not fit:
        return ()
    found = merits(rows)
    best = max(fit, key=lambda name: found[name].value)
    clean = _largest(fit, "precision", "recall", LEAST_RECALL * float(rows["real"]["recall"]))
    wide = _largest(fit, "recall", "precision", LEAST_PRECISION * float(rows["real"]["precision"]))
    chosen = [
        _recommendation(CLEANEST, clean, "precision", fit, best),
        _recommendation(DIVERSE, wide, "recall", fit, best),
        Recommendation(BOTH, best, f"merit {found[best].value:.2f}", ""),
    ]
    return tuple(one for one in chosen if one is not None)


def _largest(fit: Mapping[str, Row], key: str, other: str, least: float) -> str | None:
    """The generator with the largest value of one measure that has enough of the other."""
    enough = [name for name, row in fit.items() if float(row[other]) >= least]
    return max(
        enough, key=lambda name: (float(fit[name][key]), float(fit[name][other])), default=None
    )


def _recommendation(
    purpose: str, name: str | None, key: str, fit: Mapping[str, Row], best: str
) -> Recommendation | None:
    if name is None:
        return None
    if name == best:
        return Recommendation(purpose, name, f"{key} {float(fit[name][key]):.2f}", f"also {BOTH}")
    other = "recall" if key == "precision" else "precision"
    less = float(fit[best][other]) - float(fit[name][other])
    price = f"costs {less:.2f} of {other} against {best}" if less >= 0.005 else ""
    return Recommendation(purpose, name, f"{key} {float(fit[name][key]):.2f}", price)
