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
            _unbroken(f"{claim.number}. {claim.statement}"),
            _unbroken(claim.measured),
            _unbroken(claim.threshold),
            _verdict(claim.holds),
            _links(claim.number, shown),
        )
        for claim in found
    ]
    header = ("claim", "measured", "holds if", "verdict", "shown in")
    return Table(header, tuple(rows), text_columns=5, first=3)


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


def _verdict(holds: bool | None) -> Markup:
    if holds is None:
        return Markup('<span class="unknown">not decided</span>')
    if holds:
        return Markup('<span class="holds">holds</span>')
    return Markup('<span class="fails">does not hold</span>')


def _links(number: int, shown: Collection[str]) -> Markup:
    links = [
        Markup('<a href="#{}">{}</a>').format(entry, text)
        for entry, text in _EVIDENCE[number].items()
        if entry in shown
    ]
    return Markup(", ").join(links)
