"""Table of the dominant components."""

from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.table import Table, bold
from zpoints.pipeline.report.elements.text import number


def dominant_components(data: ReportData) -> Table:
    """The dominant components, the most dominant first; bold: |mu| or hw at its threshold."""
    statistics, config = data.statistics, data.config
    names = ("mu", "hw", "mean", "variance", "minimum", "maximum")
    columns = {name: statistics[name].values for name in names}
    rows = []
    for i in data.dominance.order[: data.dominance.count]:
        mu, hw = columns["mu"][i], columns["hw"][i]
        numbers = (columns["mean"][i], columns["variance"][i] ** 0.5)
        extremes = (columns["minimum"][i], columns["maximum"][i])
        rows.append(
            (
                str(i),
                bold(number(mu), abs(mu) >= config.dominant_mu),
                bold(number(hw), hw >= config.dominant_hw),
                *(number(value) for value in (*numbers, *extremes)),
            )
        )
    header = ("component", "μ", "hw", "mean", "standard deviation", "minimum", "maximum")
    return Table(header, tuple(rows))
