"""Any law, fitted to the vectors of a selection by label."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field

from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.parts.generator import Floats, Generator, Sampler
from zpoints.pipeline.sample.laws.all_laws import AnyLaw
from zpoints.pipeline.sample.laws.multivariate_normal import MultivariateNormal


class Conditional(Generator):
    """Another generator, fitted to the statistics of a selection instead of all vectors.

    The principal components, and with them the coordinates v, are those of the selection.
    """

    generator: Literal["conditional"] = "conditional"
    selection: str = Field(
        min_length=1, description="Name of an entry of analyze.selections, e.g. smiling."
    )
    base: AnyLaw = Field(
        default_factory=MultivariateNormal,
        description="The generator that is fitted to it, with its parameters.",
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The statistics of the selection; the latents if the base needs them."""
        return (f"selections/{self.selection}", *self.base.reads[1:])

    @property
    def size(self) -> int | None:
        """That of the base."""
        return self.base.size

    def fit_memory(self, images: int, components: int) -> int:
        """That of the base."""
        return self.base.fit_memory(images, components)

    def fit(self, statistics: xr.Dataset, latents: xr.Dataset | None = None) -> Sampler:
        """Fit the base to the selection."""
        described = statistics.attrs.get("selection")
        if described != self.selection:
            given = f"those of {described!r}" if described else "those of all vectors"
            raise SampleError(
                f"The generator 'conditional' needs the statistics of the selection "
                f"{self.selection!r}, but got {given}: pass store.selection({self.selection!r})."
            )
        query = statistics.attrs["query"]
        if not statistics["count"].values.any():
            raise SampleError(
                f"The selection {self.selection!r} ({query}) is empty: no stored vector has these "
                "labels, so nothing can be fitted to it. Change analyze.selections."
            )
        if latents is not None:
            latents = latents.isel(image=np.flatnonzero(Labels(latents).select(query)))
        return ConditionalSampler(self.base.fit(statistics, latents), query)

    def placed(self, device: str) -> Self:
        """With its base on the device."""
        return self.model_copy(update={"base": self.base.placed(device)})

    def remark(self, statistics: xr.Dataset) -> str | None:
        """That of the base."""
        return self.base.remark(statistics)


@dataclass(frozen=True)
class ConditionalSampler:
    """Sampler of the base, with the query of the vectors that it was fitted to."""

    base: Sampler
    query: str

    @property
    def space(self) -> Literal["z", "pc"]:
        """That of the base."""
        return self.base.space

    @property
    def constraint(self) -> str:
        """That of the base, with the query."""
        return f"of the vectors with {self.query}: {self.base.constraint}"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), N) as the base does."""
        return self.base.draw(rng, samples)
