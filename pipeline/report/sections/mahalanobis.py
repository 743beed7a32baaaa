"""Mahalanobis radii against the chi distribution, the core, and selections beside all vectors."""

import numpy as np
import xarray as xr
from markupsafe import Markup
from matplotlib.figure import Figure
from scipy.stats import chi

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.compare.drift import mahalanobis_distance
from zpoints.pipeline.report.data import Material
from zpoints.pipeline.report.elements import style
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.elements.tables import Table, number


def core_entries(m: Material) -> list[Entry]:
    """How far out the vectors lie, and what selections of them look like."""
    s = m.statistics
    found = float(s["core_count"]) / float(s["count"].values[0])
    expected = -np.expm1(-(float(s["core_level"]) ** 2) / 2)
    entries = [
        Entry(
            "mahalanobis",
            "Mahalanobis radii",
            Markup(
                "Density of the Mahalanobis radius (distance from the mean in standard "
                "deviations along the principal components), and the chi distribution that a "
                "normal distribution would give; their distribution functions differ by at most "
                "{:.3f}. Shaded: the core of level {:g}, which holds {:.1%} of the vectors, and "
                "would hold {:.1%} of normal ones if they are many; of fewer than about 20 "
                "times as many as components it holds more, since mean and covariance fit them."
            ).format(float(s["mahalanobis_chi_distance"]), float(s["core_level"]), found, expected),
            lambda: mahalanobis(s),
            "Distribution of the Mahalanobis radius beside the chi distribution.",
        )
    ]
    if m.selections:
        entries.append(
            Entry(
                "selections",
                "Selections",
                Markup(
                    "Statistics of the vectors that a query of the labels selects, beside those "
                    "of all. Shift: from the mean of all vectors to that of the selection, as a "
                    "Mahalanobis distance. Variance: the sum over all components, as a share of "
                    "that of all vectors."
                ),
                lambda: selections_table(m),
            )
        )
    return entries


def mahalanobis(statistics: xr.Dataset) -> Figure:
    """Draw the density of the Mahalanobis radius beside chi's.

    Parameters
    ----------
    statistics
        The `statistics` group: `mahalanobis_histogram`, `mahalanobis_edges`, `core_radius`.
    """
    counts, edges = (statistics[f"mahalanobis_{name}"].values for name in ("histogram", "edges"))
    varying = Basis.from_statistics(statistics).rank
    figure = style.new_figure(2.3)
    axes = figure.subplots()
    density = counts / max(counts.sum(), 1) / np.diff(edges)
    axes.stairs(density, edges, fill=True, color=style.DATA, alpha=0.35, label="z-points")
    # From zero on, since a radius is never negative whatever the intervals are.
    radius = np.linspace(max(edges[0], 0.0), edges[-1], 600)
    label = rf"chi distribution, {varying} components"
    axes.plot(radius, chi.pdf(radius, varying), color=style.INK, lw=1.0, label=label)
    axes.axvspan(
        radius[0], float(statistics["core_radius"]), color=style.FAINT, alpha=0.5, zorder=0
    )
    axes.set_xlim(radius[0], radius[-1])
    axes.set_ylim(0, None)
    style.legend(axes, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    style.dress(axes, x="Mahalanobis radius", y="density")
    return figure


def selections_table(m: Material) -> Table:
    """List the selections: query, vectors, shift of the mean, share of the variance."""
    s = m.statistics
    mean, covariance = s["mean"].values, s["covariance"].values
    rows = [
        (
            name,
            str(selection.attrs["query"]),
            f"{(count := int(selection['count'].values[0])):,}",
            f"{count / int(s['count'].values[0]):.1%}",
            number(mahalanobis_distance(selection["mean"].values - mean, covariance)),
            _share(selection["variance"].values.sum(), s["variance"].values.sum()),
        )
        for name, selection in m.selections.items()
    ]
    header = ("selection", "query", "vectors", "share", "shift", "variance")
    return Table(header, tuple(rows), text_columns=2)


def _share(part: float, whole: float) -> str:
    """A percentage; a dash for the variance of a single vector, or a share of none."""
    share = part / whole if whole else np.nan
    return f"{share:.1%}" if np.isfinite(share) else "–"
