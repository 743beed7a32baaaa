"""What one asks of latent vectors, whether they are stored or in memory."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import xarray as xr

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.errors import VectorError
from zpoints.pipeline.latent_space.coding import CodedImages
from zpoints.pipeline.latent_space.hits import hits_of
from zpoints.pipeline.latent_space.neighbours import Metric, neighbours_of
from zpoints.pipeline.latent_space.paths import Form, added, path_between
from zpoints.pipeline.latent_space.vectors import Given
from zpoints.storage.labels.dataset import LabelledDataset

if TYPE_CHECKING:
    from zpoints.pipeline.claims.answers import Answers
    from zpoints.pipeline.claims.verdicts import Verdicts

HINT = "Ask .query, .draw, .decode, .neighbours, .walk, .add, .claims, ...; zpoints.pl draws it."
"""Where a user who sees a latent space can go on."""


class LatentSpace(CodedImages):
    """Latent vectors with their labels, their statistics, and the network that made them.

    `zpoints.open` returns that of a store, `zpoints.open_arrays` that of arrays in memory.
    A vector may also be given as the name or the number of an image, several as names. Lazy vectors
    and images give lazy results, whose chunks the scheduler of the moment computes: Dask's threads,
    or the workers of a `distributed.Client`.
    """

    @property
    @abstractmethod
    def statistics(self) -> xr.Dataset:
        """Moments, number distributions, PCA and radii of the latent vectors."""

    @property
    @abstractmethod
    def claims(self) -> "Verdicts":
        """The claims of the method's source, tested on these vectors."""

    @property
    @abstractmethod
    def answers(self) -> "Answers":
        """Answers to the questions that the method's source leaves open."""

    def query(self, query: str) -> xr.Dataset:
        """The latent vectors whose labels a query selects, lazy; see `Store.query`.

        Raises
        ------
        QueryError
            If the query is not of the language, names an unknown label, or is not true or false
            for each row; the message marks the place.

        Examples
        --------
        >>> import numpy as np
        >>> import zpoints as zp
        >>> z = np.random.default_rng(0).normal(size=(300, 4))
        >>> space = zp.open_arrays(z, {"tall": z[:, 0] > 0})
        >>> space.query("tall").z.shape
        (133, 4)
        """
        return LabelledDataset.of(self.latents).query(image=query)

    def project(self, z: Given = None, components: int | None = None) -> xr.DataArray:
        """Coordinates v of vectors along the principal components; lazy if z is.

        Parameters
        ----------
        z
            Vectors; all latent vectors if omitted.
        components
            Number of leading principal components; all if omitted.

        Returns
        -------
        xr.DataArray
            (vector, pc) float64 with the coordinates of z.

        Raises
        ------
        VectorError
            If z has another number of components, or names an unknown image.

        Examples
        --------
        >>> import numpy as np
        >>> import zpoints as zp
        >>> z = np.random.default_rng(0).normal(size=(300, 4))
        >>> space = zp.open_arrays(z, {"tall": z[:, 0] > 0})
        >>> space.project(0, components=2).dims
        ('pc',)
        """
        vectors = self._vectors(z)
        loadings = self.statistics["loadings"].isel(pc=slice(components))
        v = (vectors - self.statistics["mean"]).dot(loadings, dim="component")
        v = v.transpose(..., "pc").rename("v")
        return v.assign_attrs(long_name="coordinate along a principal component", units="1")

    def neighbours(self, z: Given, k: int = 12, *, metric: Metric = "euclidean") -> xr.Dataset:
        """The nearest latent vectors, found exactly; the latents are read chunk by chunk.

        Parameters
        ----------
        z
            Vectors, or images, which are not their own neighbours.
        k
            Number of neighbours.
        metric
            `euclidean`, or `mahalanobis` in standard deviations along each principal component.

        Returns
        -------
        xr.Dataset
            `distance` (vector, neighbour) float64 in ascending order, and the coordinates `image`,
            the name, and `row`, the number of each neighbour; for one vector (neighbour). Where
            images are asked for, which are along `image`, the names are `neighbour_image`.

        Raises
        ------
        VectorError
            If z has another number of components, names an unknown image, or is not finite.

        Examples
        --------
        >>> import numpy as np
        >>> import zpoints as zp
        >>> z = np.random.default_rng(0).normal(size=(300, 4))
        >>> space = zp.open_arrays(z, {"tall": z[:, 0] > 0})
        >>> space.neighbours(0, k=3).distance.sizes
        Frozen({'neighbour': 3})
        """
        vectors = self._vectors(z)
        named = not isinstance(z, xr.DataArray | xr.Dataset) and "image" in vectors.coords
        return neighbours_of(
            self.latents, vectors, k, metric=metric, basis=self._basis, without_own=named
        )

    def _basis(self) -> Basis:
        return Basis.from_statistics(self.statistics)

    def draw(
        self,
        name: str,
        n: int,
        *,
        where: str | None = None,
        seed: int = 0,
        paired: bool = False,
        **parameters: Any,
    ) -> xr.Dataset:
        """Draw vectors with a generator fitted to the statistics, or to those of a query.

        Parameters
        ----------
        name
            Name of a generator, e.g. `ellipse`.
        n
            Number of vectors.
        where
            Query of labels: the generator is fitted to the vectors that it selects, whose
            statistics are computed once for each query.
        seed
            Not negative. Vector i depends only on the seed, the name and i.
        paired
            Whether all generators use the same random numbers, for comparing laws.
        parameters
            Parameters of the generator, e.g. `K` and `fact`.

        Returns
        -------
        xr.Dataset
            `z` (sample, component) and `v` (sample, pc) float32; attributes state the generator.

        Raises
        ------
        SampleError
            If the generator or a parameter is unknown, the statistics do not support it, or it is
            `conditional`, which has a selection of its own, and `where` is given.
        QueryError
            If `where` is not of the language, or names an unknown label.

        Examples
        --------
        >>> import numpy as np
        >>> import zpoints as zp
        >>> z = np.random.default_rng(0).normal(size=(300, 4))
        >>> space = zp.open_arrays(z, {"tall": z[:, 0] > 0})
        >>> space.draw("gaussian", 5, seed=1, where="tall").z.shape
        (5, 4)
        """
        # Loads Numba and SciPy, which opening a store does not need.
        from zpoints.pipeline.latent_space.conditions import refuse_second_selection
        from zpoints.pipeline.sample.draw import draw, generator

        chosen = generator(name, **parameters)
        if where is None:
            statistics, latents = self._fitted_to(chosen.reads[0]), self.latents
        else:
            refuse_second_selection(name, chosen.reads[0])
            statistics, latents = self._statistics_where(where), self.query(where)
        drawn = draw(name, statistics, n, seed=seed, latents=latents, paired=paired, **parameters)
        return drawn if where is None else drawn.assign_attrs(where=where)

    def walk(self, start: Given, end: Given, steps: int = 8, *, form: Form = "arc") -> xr.DataArray:
        """Vectors on the way from one vector to another.

        Parameters
        ----------
        start, end
            A vector each.
        steps
            Number of vectors, both ends included.
        form
            `arc` changes the distance from the mean evenly; a straight `line` comes nearer to it,
            where images are more alike.

        Returns
        -------
        xr.DataArray
            `z` (step, component) float64 with the coordinate `share`, 0 to 1.

        Raises
        ------
        VectorError
            If an image is unknown, a vector does not fit, or there are fewer than two steps.

        Examples
        --------
        >>> import numpy as np
        >>> import zpoints as zp
        >>> z = np.random.default_rng(0).normal(size=(300, 4))
        >>> space = zp.open_arrays(z, {"tall": z[:, 0] > 0})
        >>> space.walk(0, 1, steps=5).share.values
        array([0.  , 0.25, 0.5 , 0.75, 1.  ])
        """
        ends = self._vectors(start), self._vectors(end)
        return path_between(self.statistics, *ends, steps, form)

    def add(
        self, attribute: str, z: Given, strength: float | Sequence[float] = 1.0
    ) -> xr.DataArray:
        """Vectors with the direction of an attribute or of a category added.

        The direction leads from the mean of the vectors without the attribute to the mean of those
        with it; for a category, from the mean of the other categories of its label.

        Parameters
        ----------
        attribute
            Name of a label that is true or false, e.g. "Smiling", or a category, e.g. "digit=3".
        z
            Vectors.
        strength
            Multiple of the direction, negative to take the attribute away; a list gives a vector
            for each.

        Returns
        -------
        xr.DataArray
            `z` (vector, component) float64, or (vector, strength, component) for a list.

        Raises
        ------
        SampleError
            If it is unknown, or all or no vectors have it.
        VectorError
            If z does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> import zpoints as zp
        >>> z = np.random.default_rng(0).normal(size=(300, 4))
        >>> space = zp.open_arrays(z, {"tall": z[:, 0] > 0})
        >>> space.add("tall", 0, strength=[-1, 0, 1]).shape
        (3, 4)
        """
        return added(self.statistics, attribute, self._vectors(z), strength)

    def hit_test(self, z: Given = None, multiples: Sequence[float] | None = None) -> xr.DataArray:
        """Count the vectors all of whose components lie within k hw of mu.

        Parameters
        ----------
        z
            Vectors; all latent vectors if omitted, which are read chunk by chunk.
        multiples
            The multiples k of the full width at half maximum hw; 1.5, 2, 3 and 12 if omitted.

        Returns
        -------
        xr.DataArray
            (multiple) int64.

        Raises
        ------
        VectorError
            If z does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> import zpoints as zp
        >>> z = np.random.default_rng(0).normal(size=(300, 4))
        >>> space = zp.open_arrays(z, {"tall": z[:, 0] > 0})
        >>> space.hit_test(multiples=[1, 5]).sizes
        Frozen({'multiple': 2})
        """
        return hits_of(self._vectors(z), self.statistics, multiples)

    def explore(self) -> Any:
        """The explorer of these vectors, as an element that a notebook shows.

        Move the pointer through the plane of z-points: the image beside it is decoded there.
        `zpoints explore ROOT` shows the same in a browser.
        """
        from zpoints.pipeline.explore.page import explorer  # loads Panel and HoloViews
        from zpoints.pipeline.explore.points import Points
        from zpoints.pipeline.explore.state import View

        return explorer(View(points=Points(self)))

    def _fitted_to(self, group: str) -> xr.Dataset:
        """The statistics that a generator reads, by the name of their group."""
        if group == "statistics":
            return self.statistics
        raise VectorError(
            f"There is no {group} here, since only a store has selections. Pass where= with a "
            "query instead."
        )

    def _statistics_where(self, query: str) -> xr.Dataset:
        from zpoints.pipeline.latent_space.conditions import statistics_where  # loads Numba

        if query not in self._conditional:
            self._conditional[query] = statistics_where(self.latents, query)
        return self._conditional[query]

    @cached_property
    def _conditional(self) -> dict[str, xr.Dataset]:
        """Statistics of the queries that were drawn from."""
        return {}
