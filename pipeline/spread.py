"""The number of directions along which latent vectors vary; few after a training that collapsed."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDING = 1e-5
"""Standard deviation, as a share of the vectors' root mean square, up to which they count as equal:
float32 rounds each operation to 6e-8, and a dozen layers stay far below this limit."""
FEW = 0.5
"""Share of the possible directions below which the vectors have collapsed."""

REMEDY = (
    "If the photographs differ, the training collapsed: lower train.learning_rate, e.g. to a "
    "quarter, or set train.batch_norm to true. If they are (nearly) equal, ingest others."
)


@dataclass(frozen=True)
class Spread:
    """Number of directions that vectors vary along.

    Attributes
    ----------
    vectors
        Number of vectors.
    components
        Their components.
    varying
        Principal components along which they differ by more than rounding.
    """

    vectors: int
    components: int
    varying: int

    @classmethod
    def of(cls, z: NDArray[np.floating]) -> Self:
        """That of vectors (vector, component); those that are not finite are left out.

        Examples
        --------
        >>> Spread.of(np.array([[1.0, 2.0], [1.0, 5.0], [1.0, 3.0]])).varying
        1
        """
        finite = z[np.isfinite(z).all(axis=1)].astype(np.float64)
        if not len(finite):
            return cls(0, z.shape[1], 0)
        mean = finite.mean(axis=0)
        singular = np.linalg.svd(finite - mean, compute_uv=False)
        return cls._of_moments(mean, singular**2 / max(1, len(finite) - 1), len(finite))

    @classmethod
    def from_statistics(cls, statistics: xr.Dataset) -> Self:
        """That of the vectors of a group `statistics` or `selections/<name>`."""
        return cls._of_moments(
            statistics["mean"].values,
            np.nan_to_num(statistics["explained_variance"].values),
            int(statistics["count"].values[0]),
        )

    @classmethod
    def _of_moments(cls, mean: Floats, variance: Floats, vectors: int) -> Self:
        size = np.sqrt((np.square(mean).sum() + variance.sum()) / len(mean))
        varying = np.sqrt(variance) > ROUNDING * size
        return cls(vectors, len(mean), int(np.count_nonzero(varying)))

    @property
    def collapsed(self) -> bool:
        """Whether the vectors vary along few of the directions that so many vectors can have."""
        return self.varying < FEW * min(self.components, self.vectors - 1)

    @property
    def message(self) -> str:
        """What has collapsed, and the remedy of a training; empty if nothing has."""
        return f"{self.finding} {REMEDY}" if self.collapsed else ""

    @property
    def finding(self) -> str:
        """What has collapsed; empty if nothing has."""
        if not self.collapsed:
            return ""
        if self.varying == 0:
            return "The latent vectors have collapsed: all are equal."
        return (
            f"The latent vectors have partly collapsed: they vary along {self.varying} of "
            f"{self.components} directions only."
        )
