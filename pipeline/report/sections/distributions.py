"""Section on the number distributions of components and principal components."""

from markupsafe import Markup

from zpoints.pipeline.figures.distributions import histogram, spectrum
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.tables.components import dominant_components

SPECTRUM = Markup(
    "Number distributions of all {components} components. Left: a row per component, dark where "
    "most vectors are; rows away from zero, or wide, belong to the dominant components. Right: "
    "each distribution as the density of (<i>z<sub>i</sub></i> − mean) / <i>σ<sub>i</sub></i>, "
    "their median, and the normal distribution; components that follow the dashed line are normal."
)
DOMINANT = Markup(
    "Number distributions of the {count} most dominant components, ranked by the larger of "
    "|<i>μ</i>| / {mu:g} and <i>hw</i> / {hw:g}. Dashed line: <i>μ</i>, the position of the "
    "maximum; bar: <i>hw</i>, the full width at half maximum (2.355 <i>σ</i> for a normal "
    "distribution). Components are numbered from 0, as in the store."
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
        Entry(
            "spectrum",
            "Spectrum of all components",
            SPECTRUM.format(components=components),
            lambda: spectrum(s),
            "Number distributions of all components as a heat map and as overlaid curves.",
        ),
        Entry(
            "dominant",
            "Most dominant components",
            DOMINANT.format(count=len(first), **thresholds),
            lambda: histogram(s, first.tolist()),
            "Histograms of the dominant components with mu and hw marked.",
        ),
        Entry(
            "mu-hw",
            "μ and hw of the dominant components",
            MU_HW.format(count=data.dominance.count, components=components, **thresholds),
            lambda: dominant_components(data),
        ),
        Entry(
            "principal",
            "Leading principal components",
            PRINCIPAL,
            lambda: histogram(s, leading, principal=True),
            "Histograms of the leading principal components with mu and hw marked.",
        ),
    ]
