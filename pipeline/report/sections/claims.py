"""The section on the claims: verdicts, the figure of the components, hit table, vectors inside."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from zpoints.pipeline.claims import Claim, claims, faces_claim, uniform_claims
from zpoints.pipeline.claims.uniform import power_of_ten
from zpoints.pipeline.report.data import Material
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.elements.tables import Table
from zpoints.pipeline.report.figures.components import components_against_claims
from zpoints.pipeline.sample.laws.ellipse import Ellipse
from zpoints.pipeline.sample.region import (
    LIMITS,
    MULTIPLES,
    UniformHits,
    hit_test,
    mahalanobis_radius,
    pair_violations,
    uniform_hits,
)

Floats = NDArray[np.float64]

_FIGURES: Mapping[int, Mapping[str, str]] = {
    **{number: {"claims-components": "components"} for number in range(1, 9)},
    9: {"correlation": "correlations"},
    10: {"densities-original": "pairs", "densities-pca": "after PCA"},
    11: {"hits": "hit table", "inside": "vectors"},
    12: {"radii": "radii"},
    13: {"quality-table": "quality", "generators": "generators"},
}
"""For each claim the entries of the page in which it is seen, and what they are called."""


def claims_entries(m: Material, shown: Collection[str]) -> list[Entry]:
    """The entries of the section; `shown` names all other entries of the page."""
    hits = uniform_hits(m.statistics, vectors=m.config.uniform_vectors)
    ours = ("claims-table", "claims-components", "hits", "inside")
    ellipse = _ellipse(m)
    kept = ellipse.kept(m.statistics)
    return [
        Entry(
            ours[0],
            "Verdicts",
            Markup(
                "What the source of the method says of the latent vectors of its autoencoder, "
                "measured on those of this run. “Does not hold” is a result, not an error: the "
                "counts of claims 4 to 8 in particular depend on the scale that a training gives "
                "its latents. Claims 1 to 10 follow from the stored statistics alone."
            ),
            lambda: claims_table(_all_claims(m, hits), {*shown, *ours}),
        ),
        Entry(
            ours[1],
            "The components against claims 1 to 8",
            Markup(
                "Each curve shows all components in descending order. Dashed: what a claim "
                "allows; it holds where the curve passes below its mark, or through it. Claim 1: "
                "dots inside the frame, and the left half of the curve of distances below the "
                "line, look Gaussian."
            ),
            lambda: components_against_claims(m.statistics),
            "Shape, position, width and range of all components with the bounds of the claims.",
        ),
        Entry(
            ours[2],
            "Hit table",
            Markup(
                "Vectors with components uniform in [−<i>b</i>, <i>b</i>] all of whose components "
                "lie within <i>k</i> · <i>hw</i> of <i>μ</i>: how many of {:,} drawn, and the "
                "exact probability, the product over the components of the covered share of "
                "[−<i>b</i>, <i>b</i>]. A box says nothing about correlations: vectors of "
                "small <i>b</i> pass this test and still lie outside the region (next table)."
            ).format(hits.vectors),
            lambda: hit_table(hits),
        ),
        Entry(
            ours[3],
            "Vectors inside and outside",
            Markup(
                "Share of vectors within <i>k</i> · <i>hw</i> of <i>μ</i> in all components; "
                "Mahalanobis radius, mean ± standard deviation; how many of the {:,} pairs of the "
                "{} leading principal components violate the condition of <code>ellipse</code> "
                "with fact = {:g}{}, on average. At most {:,} vectors each."
            ).format(
                kept * (kept - 1) // 2,
                kept,
                ellipse.fact,
                " of the core" if ellipse.core else "",
                m.config.scatter_points,
            ),
            lambda: region_table(m, ellipse),
        ),
    ]


def _all_claims(m: Material, hits: UniformHits) -> list[Claim]:
    generators = {g.name: str(g.attrs.get("generator", "")) for g in m.generated}
    rates = {name: float(measures["face_rate"]) for name, measures in m.quality.items()}
    return [
        *claims(m.statistics, least_mu=m.config.dominant_mu, least_hw=m.config.dominant_hw),
        *uniform_claims(m.statistics, hits),
        faces_claim(rates, generators, reference=rates.get("reconstruction", 1.0)),
    ]


def claims_table(found: list[Claim], shown: Collection[str]) -> Table:
    """Claim, measured value, threshold, verdict and links to figures, a row per claim."""
    rows = [
        (
            _unbroken(f"{claim.number}. {claim.words}"),
            _unbroken(claim.measured),
            _unbroken(claim.threshold),
            _verdict(claim.holds),
            _links(claim.number, shown),
        )
        for claim in found
    ]
    header = ("claim", "measured", "holds if", "verdict", "seen in")
    return Table(header, tuple(rows), text_columns=5)


def _unbroken(text: str) -> str:
    """Keep |x| on one line: browsers break lines after a bar."""
    return re.sub(r"\|(\S+?)\|", "|\u2060\\1\u2060|", text)


def _verdict(holds: bool | None) -> Markup:
    if holds is None:
        return Markup('<span class="unknown">not measured</span>')
    if holds:
        return Markup('<span class="holds">holds</span>')
    return Markup('<span class="fails">does not hold</span>')


def _links(number: int, shown: Collection[str]) -> Markup:
    links = [
        Markup('<a href="#{}">{}</a>').format(name, called)
        for name, called in _FIGURES[number].items()
        if name in shown
    ]
    return Markup(", ").join(links)


def hit_table(hits: UniformHits) -> Table:
    """A row per limit b: hits and exact probability for each multiple k."""
    rows = []
    for row, b in enumerate(hits.limits):
        cells = [
            f"{count:,} ({power_of_ten(exact)})"
            for count, exact in zip(hits.hits[row], hits.log10_probability[row], strict=True)
        ]
        rows.append((f"b = {b:g}", *cells))
    return Table(("", *(f"{k:g} hw" for k in hits.multiples)), tuple(rows))


def region_table(m: Material, ellipse: Ellipse) -> Table:
    """A row for the data, each generator and each uniform law: how far inside its vectors lie."""
    rows = [(name, *_inside(m, z, ellipse)) for name, z in _batches(m) if len(z)]
    header = ("vectors", "number", *(f"{k:g} hw" for k in MULTIPLES))
    return Table((*header, "Mahalanobis radius", "pairs violated"), tuple(rows))


def _batches(m: Material) -> Iterator[tuple[str, Floats]]:
    yield "data", m.z
    yield from ((g.name, g.z) for g in m.generated)
    unit = np.random.default_rng(0).uniform(-1, 1, (1000, m.statistics.sizes["component"]))
    yield from ((f"uniform, b = {b:g}", b * unit) for b in LIMITS)


def _inside(m: Material, z: Floats, ellipse: Ellipse) -> tuple[str, ...]:
    radius = mahalanobis_radius(z, m.statistics)
    shares = hit_test(z, m.statistics) / len(z)
    violated = pair_violations(
        z, m.statistics, K=ellipse.kept(m.statistics), fact=ellipse.fact, core=ellipse.core
    )
    return (
        f"{len(z):,}",
        *(f"{share:.1%}" for share in shares),
        f"{radius.mean():.1f} ± {radius.std():.1f}",
        f"{violated.mean():,.1f}",
    )


def _ellipse(m: Material) -> Ellipse:
    """The first generator `ellipse` of the run, else one of the defaults."""
    drawn: list[Mapping[str, Any]] = [
        g.attrs["parameters"] for g in m.generated if g.attrs.get("generator") == "ellipse"
    ]
    return Ellipse.model_validate(drawn[0] if drawn else {})
