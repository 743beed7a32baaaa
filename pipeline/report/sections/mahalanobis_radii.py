"""Entry on Mahalanobis radii and the core of the region."""

import numpy as np
import xarray as xr
from markupsafe import Markup

from zpoints.pipeline.figures.radius_distributions import mahalanobis
from zpoints.pipeline.report.elements.entry import Entry

MAHALANOBIS = Markup(
    "Density of the Mahalanobis radius (distance from the mean in standard deviations along the "
    "principal components), and the chi distribution that normal vectors would have.{gap} Shaded: "
    "the core of level {level:g}, which holds {found:.1%} of the vectors, and would hold "
    "{expected:.1%} of normal ones if there were many. With fewer than about 20 vectors per "
    "component it holds more, since mean and covariance are fitted to them."
)
GAP = " The two distribution functions differ by at most {:.3f}."


def entry(statistics: xr.Dataset) -> Entry:
    """Mahalanobis radii with the core."""
    s = statistics
    level, distance = float(s["core_level"]), float(s["mahalanobis_chi_distance"])
    return Entry(
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
