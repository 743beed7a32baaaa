"""Section on the claims of the source: verdicts, and the figures and tables that support them."""

from collections.abc import Collection, Mapping
from typing import Any

from markupsafe import Markup

from zpoints.pipeline.claims import Answers, Verdicts, all_claims, answers
from zpoints.pipeline.claims.components import source_scale
from zpoints.pipeline.evaluate.measure_table import detector_of, face_rates
from zpoints.pipeline.figures.claim_bounds import answers as answers_figure
from zpoints.pipeline.figures.claim_bounds import claims as components
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.tables.claims import hit_table, verdicts
from zpoints.pipeline.report.tables.samples import inside_region
from zpoints.pipeline.sample.laws.ellipses.ellipse import Ellipse
from zpoints.pipeline.sample.region import UniformHits
from zpoints.storage.schema.attributes import nested

VERDICTS = Markup(
    "The claims of the method’s source on the latent vectors of its autoencoder, tested on those "
    "of this run. “Does not hold” is a result, not an error; “not decided” names what is missing. "
    "The scale of latent vectors is an accident of training. Claims 3 and 12, the uniform vectors "
    "of 11 and the bounds of dominance of 9 are in latent units. Claims 4 to 8 are judged in "
    "latent units and free of scale, after multiplying all vectors by {scale:.3g}, which gives "
    "them the radius of the source’s z-points. The other claims do not depend on scale. Of the "
    "{total} claims {hold} hold here, {fail} do not, and {open} are not decided."
)
COMPONENTS = Markup(
    "The quantities of claims 1 to 8 for all components, each curve in descending order. Dashed: "
    "the bound of a claim; it holds where the curve passes below its mark, or through it. Claims 4 "
    "to 8 hold if the grey curve does so too: the same rescaled to the source’s radius. For "
    "claim 1, a component looks Gaussian if it is inside the frame and below the line of distances."
)
ANSWERS = Markup(
    "Left: Mahalanobis radii of the z-points and of vectors all of whose pairs of coordinates are "
    "in 3 <i>σ</i> ellipses. Middle: correlations between the squares of whitened coordinates "
    "<i>w</i>, each divided by |<i>w</i>|², of the data and of as many normal vectors. Right: "
    "share of the squared deviations within k-means clusters, and silhouette, for the data and for "
    "normal vectors of the same covariance."
)
HITS = Markup(
    "Number of vectors with components uniform in [−<i>b</i>, <i>b</i>] that lie within <i>k</i> · "
    "<i>hw</i> of <i>μ</i> in all components, of {vectors:,} drawn, and the exact probability: the "
    "product over the components of the covered share of [−<i>b</i>, <i>b</i>]. A box ignores "
    "correlations, so vectors of small <i>b</i> pass this test although they are outside the "
    "region (next table)."
)
INSIDE = Markup(
    "Share of the vectors that lie within <i>k</i> · <i>hw</i> of <i>μ</i> in all components; "
    "Mahalanobis radius, mean ± standard deviation; mean number of the {pairs:,} pairs of the "
    "{kept} leading principal components that violate the condition of <code>ellipse</code> with "
    "fact = {fact:g}{core}. At most {most:,} vectors each. Vectors are inside the region where all "
    "three are like those of the data."
)


def judged(data: ReportData, hits: UniformHits) -> Verdicts:
    """The verdicts on all claims.

    Parameters
    ----------
    data
        The report's data.
    hits
        Hits of uniform vectors.
    """
    generators = {g.name: str(g.attrs.get("generator", "")) for g in data.generated}
    return all_claims(
        data.statistics,
        None if data.model is None else face_rates(data.quality),
        generators,
        detector=detector_of(data.quality),
        hits=hits,
        least_mu=data.config.dominant_mu,
        least_hw=data.config.dominant_hw,
    )


def entries(data: ReportData, found: Verdicts, shown: Collection[str]) -> list[Entry]:
    """The table of verdicts, and the questions of the source.

    Parameters
    ----------
    data
        The report's data.
    found
        The verdicts.
    shown
        Ids of the entries of all other sections, which the verdicts link to.
    """
    caption = VERDICTS.format(
        scale=source_scale(data.statistics),
        **{
            name: sum(claim.holds is holds for claim in found)
            for name, holds in (("hold", True), ("fail", False), ("open", None))
        },
        total=len(found),
    )
    return [
        Entry("claims-table", "Verdicts", caption, lambda: verdicts(found, shown)),
        _answers(answers(data.statistics, data.structure)),
    ]


def components_entry(data: ReportData) -> Entry:
    """The components with the bounds of claims 1 to 8."""
    return Entry(
        "claims-components",
        "Against the claims",
        COMPONENTS,
        lambda: components(data.statistics),
        "Shape, position, width and range of all components with the bounds of the claims.",
    )


def uniform_entries(data: ReportData, hits: UniformHits) -> list[Entry]:
    """The hits of uniform vectors, and how far inside the region all kinds of vectors are.

    Parameters
    ----------
    data
        The report's data.
    hits
        Hits of uniform vectors.
    """
    ellipse = _ellipse(data)
    kept = ellipse.kept(data.statistics)
    inside = INSIDE.format(
        pairs=kept * (kept - 1) // 2,
        kept=kept,
        fact=ellipse.fact * ellipse.temperature,
        core=" of the core" if ellipse.core else "",
        most=data.config.scatter_points,
    )
    return [
        Entry("hits", "Hit table", HITS.format(vectors=hits.vectors), lambda: hit_table(hits)),
        Entry("inside", "Inside and outside", inside, lambda: inside_region(data, ellipse)),
    ]


def _answers(found: Answers) -> Entry:
    """The questions of the source, answered in the caption and by the figure."""
    title = "Open questions"
    if not any(one.values for one in found):
        rows = tuple((one.question, one.answer) for one in found)
        return Entry("answers", title, Markup(""), lambda: Table(("question", "answer"), rows, 2))
    sentences = Markup(" ").join(
        Markup("<b>{}</b> {}").format(one.question, one.answer) for one in found
    )
    return Entry(
        "answers",
        title,
        sentences + " " + ANSWERS,
        lambda: answers_figure(found),
        "Mahalanobis radii, correlations of squares and clusters against normal vectors.",
    )


def _ellipse(data: ReportData) -> Ellipse:
    """The first generator `ellipse` of the run, or one with default parameters."""
    drawn: list[Mapping[str, Any]] = [
        nested(g.attrs, "parameters")
        for g in data.generated
        if g.attrs.get("generator") == "ellipse"
    ]
    return Ellipse.model_validate(drawn[0] if drawn else {})
