"""Section on the number distributions of components and principal components."""

import xarray as xr
from markupsafe import Markup

from zpoints.pipeline.analyze.shape.fixed_intervals import NEEDED, fixed_intervals
from zpoints.pipeline.figures.distributions import histogram, spectrum
from zpoints.pipeline.figures.source.fixed_intervals import intervals
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.sections.claims import components_entry
from zpoints.pipeline.report.tables.components import dominant_components

SPECTRUM = Markup(
    "Number distributions of all {components} components. Left: a row per component, coloured "
    "where most vectors are; rows away from zero, or wide, belong to the dominant components. "
    "Right: each distribution as the density of (<i>z<sub>i</sub></i> − mean) / "
    "<i>σ<sub>i</sub></i>, their median, and the normal distribution; components that follow the "
    "dashed line are normal."
)
INTERVALS = Markup(
    "Left: number distributions of all components over the {number} intervals of [−{limit:g}, "
    "{limit:g}] that the source takes for every component, and those of components uniform in "
    "[−<i>b</i>, <i>b</i>]. Right: <i>hw</i> read from these intervals against that from intervals "
    "of the component’s own. Every other figure uses intervals that follow each component’s "
    "standard deviation. {outside}{error}{resolved}"
)
RESOLVED = "All components are wider than an interval ({width:g}), hence resolved."
UNRESOLVED = (
    "{narrow} of {components} components are narrower than an interval ({width:g}), hence "
    "unresolved: they look like a spike whatever their shape is."
)
OUTSIDE = "At most {most:.2%} of the vectors of a component lie outside. "
ERROR = (
    "Counts of components that range widely are stored in cells wider than these intervals; the "
    "counts shown are wrong by at most {most:,.0f}. "
)
DOMINANT = Markup(
    "Number distributions of the {count} most dominant components, ranked by the larger of "
    "|<i>μ</i>| / {mu:g} and <i>hw</i> / {hw:g}. Dashed line: <i>μ</i>, the position of the "
    "maximum; bar: <i>hw</i>, the full width at half maximum (2.355 <i>σ</i> for a normal "
    "distribution). Components are numbered from 0, as in the store. {dominant} of the "
    "{components} components reach one of these bounds and are dominant."
)
MU_HW = Markup(
    "The {count} of {components} components with |<i>μ</i>| ≥ {mu:g} or <i>hw</i> ≥ {hw:g} in "
    "latent units, the most dominant first. Bold values reach their threshold."
)
PRINCIPAL = Markup(
    "Number distributions of the PCA coordinates <i>v</i> = <i>V</i> (<i>z</i> − mean) with the "
    "largest variances; lines and bars as above, numbered from 1. The generator "
    "<code>ellipse</code> derives its half-axes from these <i>hw</i>."
)


def entries(data: ReportData) -> list[Entry]:
    """Spectrum, dominant components one by one and as a table, principal components."""
    s, config = data.statistics, data.config
    first = data.dominance.order[: config.components]
    leading = range(min(config.components, s.sizes["pc"]))
    thresholds = {"mu": config.dominant_mu, "hw": config.dominant_hw}
    components = s.sizes["component"]
    return [
        components_entry(data),
        Entry(
            "spectrum",
            "Spectrum",
            SPECTRUM.format(components=components),
            lambda: spectrum(s),
            "Number distributions of all components as a heat map and as overlaid curves.",
        ),
        *_intervals(s),
        Entry(
            "dominant",
            "Dominant components",
            DOMINANT.format(
                count=len(first),
                dominant=data.dominance.count,
                components=components,
                **thresholds,
            ),
            lambda: histogram(s, first.tolist()),
            "Histograms of the dominant components with mu and hw marked.",
        ),
        Entry(
            "mu-hw",
            "μ and hw",
            MU_HW.format(count=data.dominance.count, components=components, **thresholds),
            lambda: dominant_components(data),
            folded=True,
        ),
        Entry(
            "principal",
            "Principal components",
            PRINCIPAL,
            lambda: histogram(s, leading, principal=True),
            "Histograms of the leading principal components with mu and hw marked.",
        ),
    ]


def _intervals(statistics: xr.Dataset) -> list[Entry]:
    """The distributions over fixed intervals; empty where no state is stored to count them from."""
    if not set(NEEDED) <= set(statistics.variables):
        return []
    found = fixed_intervals(statistics)
    narrow = int(found.narrow.sum())
    outside, error = float(found.outside.max()), float(found.error.max())
    caption = INTERVALS.format(
        number=found.counts.shape[1],
        limit=found.edges[-1],
        resolved=(UNRESOLVED if narrow else RESOLVED).format(
            narrow=narrow, components=len(found.narrow), width=found.width
        ),
        outside=OUTSIDE.format(most=outside) if outside > 0 else "",
        error=ERROR.format(most=error) if error > 0 else "",
    )
    return [
        Entry(
            "intervals",
            "Fixed intervals",
            caption,
            lambda: intervals(statistics),
            "Number distributions of all components over the same intervals, and of uniform ones.",
        )
    ]
