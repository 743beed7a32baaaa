"""Tables of the claims: verdicts, and the hit table of uniform vectors."""

import re
from collections.abc import Collection, Mapping, Sequence

from markupsafe import Markup

from zpoints.pipeline.claims import Claim
from zpoints.pipeline.claims.uniform import power_of_ten
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.sample.region import UniformHits

_EVIDENCE: Mapping[int, Mapping[str, str]] = {
    **{number: {"claims-components": "components"} for number in range(1, 9)},
    1: {"claims-components": "components", "spectrum": "spectrum"},
    9: {"correlation": "correlations"},
    10: {"densities-original": "pairs", "densities-pca": "after PCA"},
    11: {"hits": "hit table", "inside": "vectors"},
    12: {"radii": "radii"},
    13: {"quality-table": "quality", "generators": "generators"},
    14: {"mahalanobis": "Mahalanobis radii", "principal": "principal components"},
    15: {"variance": "variance"},
    16: {"claims-components": "components"},
    17: {"densities-pca": "after PCA"},
}
"""For each claim the entries of the page that show it, and the texts of the links to them."""

MOST_STATED = 3
"""Claims whose statements are repeated below one figure."""


def verdicts(found: Sequence[Claim], shown: Collection[str]) -> Table:
    """Claim, measured value, threshold, verdict and links to figures, a row per claim.

    Parameters
    ----------
    found
        The judged claims.
    shown
        Ids of all entries of the page; others are not linked to.
    """
    rows = [
        (
            Markup('{0}. <span id="claim-{0}">{1}</span>').format(
                claim.number, _unbroken(claim.statement)
            ),
            _unbroken(claim.measured),
            _unbroken(claim.threshold),
            _verdict(claim.holds),
            _links(claim.number, shown),
        )
        for claim in found
    ]
    header = ("claim", "measured", "holds if", "verdict", "shown in")
    return Table(header, tuple(rows), text_columns=5, first=3)


def verdict_lines(found: Sequence[Claim], entry: str) -> Markup:
    """What follows from an entry for the claims that it shows; empty if it shows none.

    Parameters
    ----------
    found
        The judged claims.
    entry
        Id of the entry.
    """
    shown = [claim for claim in found if entry in _EVIDENCE[claim.number]]
    if len(shown) > MOST_STATED:
        parts = Markup("; ").join(
            Markup("{} {}").format(_numbers(same), _verdict(holds, several=len(same) > 1))
            for holds in (True, False, None)
            if (same := [claim.number for claim in shown if claim.holds is holds])
        )
        return Markup("Of the claims {}.").format(parts)
    return Markup(" ").join(
        Markup('<a href="#claim-{0}">Claim {0}</a> {1}: {2}.').format(
            claim.number, _verdict(claim.holds), _unbroken(claim.statement)
        )
        for claim in shown
    )


def _numbers(numbers: Sequence[int]) -> Markup:
    links = [Markup('<a href="#claim-{0}">{0}</a>').format(number) for number in numbers]
    return Markup(", ").join(links)


def hit_table(hits: UniformHits) -> Table:
    """Hits and exact probability for each multiple k, a row per limit b."""
    rows = []
    for row, b in enumerate(hits.limits):
        cells = [
            f"{count:,} ({power_of_ten(exact)})"
            for count, exact in zip(hits.hits[row], hits.log10_probability[row], strict=True)
        ]
        rows.append((f"b = {b:g}", *cells))
    return Table(("", *(f"{k:g} hw" for k in hits.multiples)), tuple(rows))


def _unbroken(text: str) -> str:
    """Prevent browsers from breaking the line after the first bar of |x|."""
    return re.sub(r"\|(\S+?)\|", "|\u2060\\1\u2060|", text)


def _verdict(holds: bool | None, *, several: bool = False) -> Markup:
    if holds is None:
        return Markup('<span class="unknown">not decided</span>')
    if holds:
        return Markup('<span class="holds">{}</span>').format("hold" if several else "holds")
    return Markup('<span class="fails">{} not hold</span>').format("do" if several else "does")


def _links(number: int, shown: Collection[str]) -> Markup:
    links = [
        Markup('<a href="#{}">{}</a>').format(entry, text)
        for entry, text in _EVIDENCE[number].items()
        if entry in shown
    ]
    return Markup(", ").join(links)
