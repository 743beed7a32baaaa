"""What all laws of the region share: their spread, and the largest radius."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.parts.generator import ROUNDING_MARGIN, Floats, Generator, Sampler


class Law(Generator):
    """A law of vectors around the mean, which may be more typical or more diverse than fitted.

    A law defines `fit_law`; `fit` adds temperature and radius.
    """

    temperature: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="Factor on deviations from the mean: below 1 more typical, above 1 more "
        "diverse.",
    )
    radius: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Quantile of the latent vectors' Mahalanobis radii, 0 to 1; vectors beyond it "
        "are drawn in to it, along the line to the mean. null: no bound.",
    )

    def fit_law(self, statistics: xr.Dataset, latents: xr.Dataset | None = None) -> Sampler:
        """Fit the law itself; see `fit`."""
        raise NotImplementedError

    def fit(self, statistics: xr.Dataset, latents: xr.Dataset | None = None) -> Sampler:
        """Fit the law, with its temperature and its largest radius."""
        return self.moderated(self.fit_law(statistics, latents), statistics)

    @property
    def unmoderated(self) -> Self:
        """The same law without temperature and radius, whose `fit_law` is the same."""
        return self.model_copy(update={"temperature": 1.0, "radius": None})

    def moderated(self, law: Sampler, statistics: xr.Dataset) -> Sampler:
        """A fit of `fit_law` with this temperature and largest radius."""
        if self.temperature == 1 and self.radius is None:
            return law
        largest = np.inf if self.radius is None else radius_quantile(statistics, self.radius)
        return ModeratedSampler(
            law, Basis.from_statistics(statistics), self.temperature, self.radius, largest
        )


@dataclass(frozen=True)
class ModeratedSampler:
    """Vectors of a law, with deviations from the mean scaled and long ones drawn in.

    Attributes
    ----------
    law
        The law's own sampler.
    basis
        Principal components of the statistics that the law was fitted to.
    temperature
        Factor on the deviations.
    quantile, largest
        Quantile of the Mahalanobis radii, and that radius; None and infinity for no bound.
    """

    law: Sampler
    basis: Basis
    temperature: float
    quantile: float | None
    largest: float

    @property
    def space(self) -> Literal["z", "pc"]:
        """That of the law."""
        return self.law.space

    @property
    def constraint(self) -> str:
        """That of the law, then what was changed."""
        text = self.law.constraint
        if self.temperature != 1:
            text += f"; then deviations from the mean times {self.temperature:g}"
        if self.quantile is not None:
            text += (
                f"; then Mahalanobis radius <= {self.largest:.6g}, the {self.quantile:g} quantile "
                "of the latent vectors (longer vectors drawn in)"
            )
        return text

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), columns) as the law does."""
        drawn = self.law.draw(rng, samples)
        original = self.space == "z"
        deviations = (drawn - self.basis.mean if original else drawn) * self.temperature
        if self.quantile is not None:
            w = deviations @ self.basis.whitening if original else self._whitened(deviations)
            radius = np.linalg.norm(w, axis=1, keepdims=True)
            beyond = radius > self.largest * ROUNDING_MARGIN
            with np.errstate(divide="ignore"):
                deviations *= np.where(beyond, self.largest * ROUNDING_MARGIN / radius, 1.0)
        return deviations + self.basis.mean if original else deviations

    def _whitened(self, v: Floats) -> Floats:
        """PCA coordinates (vector, columns) in standard deviations."""
        return v * self.basis.inverse_deviations[: v.shape[1]]


def radius_quantile(statistics: xr.Dataset, quantile: float) -> float:
    """Mahalanobis radius that a share of the latent vectors does not exceed.

    Vectors are taken as uniform within an interval of the stored distribution, and the few outside
    its intervals (more than 5 standard deviations from the mean) as beyond the last edge.

    Parameters
    ----------
    statistics
        The `statistics` group: `mahalanobis_histogram`, `mahalanobis_edges`, `count`.
    quantile
        Above 0, at most 1.

    Examples
    --------
    >>> statistics = xr.Dataset(
    ...     {
    ...         "mahalanobis_histogram": ("mahalanobis_bin", [1, 2, 1]),
    ...         "mahalanobis_edges": ("mahalanobis_edge", [1.0, 2.0, 3.0, 4.0]),
    ...         "count": ("component", [4, 4]),
    ...     }
    ... )
    >>> [radius_quantile(statistics, share) for share in (0.25, 0.5, 1.0)]
    [2.0, 2.5, 4.0]
    """
    edges = np.maximum(statistics["mahalanobis_edges"].values, 0.0)
    counts = statistics["mahalanobis_histogram"].values.astype(np.float64)
    reached, below = np.cumsum(counts), quantile * float(statistics["count"].values[0])
    interval = int(np.searchsorted(reached, below))
    if interval == len(counts):
        return float(edges[-1])
    share = 1 - (reached[interval] - below) / counts[interval]
    return float(edges[interval] + share * (edges[interval + 1] - edges[interval]))
