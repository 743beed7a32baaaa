"""Entries on the core of the region and on selections of photographs."""

import numpy as np
from markupsafe import Markup

from zpoints.pipeline.figures.radius_distributions import mahalanobis
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.tables.selections import selections

MAHALANOBIS = Markup(
    "Density of the Mahalanobis radius (distance from the mean in standard deviations along the "
    "principal components), and the chi distribution that normal vectors would have.{gap} Shaded: "
    "the core of level {level:g}, which holds {found:.1%} of the vectors, and would hold "
    "{expected:.1%} of normal ones if there were many. With fewer than about 20 vectors per "
    "component it holds more, since mean and covariance are fitted to them."
)
GAP = " The two distribution functions differ by at most {:.3f}."
SELECTIONS = Markup(
    "Statistics of the vectors that a query of the labels selects, compared with all vectors. "
    "Shift: Mahalanobis distance between the means of the selection and of all vectors. Variance: "
    "sum over all components, as a share of that of all vectors."
)


def entries(data: ReportData) -> list[Entry]:
    """Mahalanobis radii with the core; a table of the selections where there are some."""
    s = data.statistics
    level, distance = float(s["core_level"]), float(s["mahalanobis_chi_distance"])
    found = [
        Entry(
            "mahalanobis",
            "Mahalanobis radii",
            MAHALANOBIS.format(
                gap="" if np.isnan(distance) else GAP.format(distance),
                level=level,
                found=float(s["core_count"]) / float(s["count"].values[0]),
                expected=-np.expm1(-(level**2) / 2),
            ),
            lambda: mahalanobis(s),
            "Distribution of the Mahalanobis radius and the chi distribution.",
        )
    ]
    if data.selections:
        found.append(
            Entry("selections", "Selections", SELECTIONS, lambda: selections(s, data.selections))
        )
    return found
