"""A part of the images: those of a query, those inside a lasso, or both."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
import yaml
from numpy.typing import NDArray

from zpoints.pipeline.analyze.passes import analyze
from zpoints.pipeline.explore.python_lines import called, opened
from zpoints.pipeline.explore.space import Space
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.sample.draw import draw

Rows = NDArray[np.int64]

NAMED = 200
"""Images up to which a query names each of them."""
NAMES_FILE = "selection-names.npy"
"""Downloaded file of the names of a larger selection."""


@dataclass(frozen=True)
class Subset:
    """Some of the latent vectors, and how Python selects the same.

    Attributes
    ----------
    space
        The vectors.
    rows
        (row) int64, increasing.
    query
        A query that selects these rows and no others, if one is known.
    """

    space: Space
    rows: Rows
    query: str | None = None

    @classmethod
    def of_query(cls, space: Space, query: str) -> "Subset":
        """The images that a query selects; all for an empty one.

        Raises
        ------
        QueryError
            If the query is not of the language, or names an unknown label; the message marks the
            place.
        """
        latents = space.latents
        if not query.strip():
            return cls(space, np.arange(latents.sizes["image"]))
        return cls(space, np.flatnonzero(Labels(latents).select(query)), query.strip())

    @cached_property
    def names(self) -> list[str]:
        """Names of the images, in the order of the rows."""
        return list(map(str, self.space.latents.indexes["image"][self.rows]))

    @cached_property
    def condition(self) -> str | None:
        """A query that selects them, which names each of a few; None for many without a query."""
        if self.query is not None:
            return self.query
        if len(self.rows) > NAMED:
            return None
        return f"image in [{', '.join(map(_quoted, self.names))}]" if self.names else None

    @property
    def latents(self) -> xr.Dataset:
        """Their latent vectors and labels; `z` is lazy."""
        return self.space.latents.isel(image=self.rows)

    def yaml(self, name: str = "mine") -> str | None:
        """The lines of a configuration that describe it; None if no query is known."""
        if self.condition is None:
            return None
        section = {"analyze": {"selections": {name: self.condition}}}
        return yaml.safe_dump(section, allow_unicode=True, width=10**6).rstrip()

    @property
    def picked(self) -> str:
        """The Python line that selects them as `picked`."""
        if self.condition is not None:
            return f"picked = {called('store.query', self.condition)}"
        return f'picked = store.latents.sel(image=np.load("{NAMES_FILE}"))'

    @property
    def code(self) -> str:
        """Python that selects them."""
        return f"{opened(self.space, *self.modules)}\n{self.picked}"

    @property
    def modules(self) -> tuple[str, ...]:
        """Lines of the imports that `picked` needs."""
        return () if self.condition is not None else ("import numpy as np",)

    def draw(self, generator: str, n: int, *, seed: int = 0, **parameters: Any) -> xr.Dataset:
        """Vectors of a generator that is fitted to these vectors alone.

        Parameters
        ----------
        generator, n, seed, parameters
            As in `zpoints.open(...).draw`.

        Returns
        -------
        xr.Dataset
            As `zpoints.open(...).draw` returns.

        Raises
        ------
        SampleError
            If there are fewer than two vectors, or the generator cannot be fitted to them.
        """
        if self.condition is not None:
            return self.space.draw(generator, n, where=self.condition, seed=seed, **parameters)
        picked = self.latents
        statistics = analyze(picked["z"])
        return draw(generator, statistics, n, seed=seed, latents=picked, **parameters)

    def draw_code(self, generator: str, n: int, *, seed: int = 0, **parameters: object) -> str:
        """Python that draws the vectors of `draw` and decodes them.

        Parameters
        ----------
        generator, n, seed, parameters
            As in `draw`.
        """
        if self.condition is not None:
            line = called("store.draw", generator, n, where=self.condition, seed=seed, **parameters)
            return f"{opened(self.space)}\ndrawn = {line}\nimages = store.decode(drawn)"
        rest = "".join(f", {name}={value!r}" for name, value in parameters.items())
        line = (
            f"zp.draw({generator!r}, zp.analyze(picked.z), {n}, seed={seed}, latents=picked{rest})"
        )
        return f"{self.code}\ndrawn = {line}\nimages = store.decode(drawn)"


def _quoted(name: str) -> str:
    """A text as a query writes it."""
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    for sign, escape in (("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        escaped = escaped.replace(sign, escape)
    return f"'{escaped}'"
