"""The points of a grid of parameters: a generator each."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from zpoints.pipeline.parts.generator import Generator
from zpoints.pipeline.sample.registry import GENERATORS
from zpoints.storage.labels.columns import label_values

Grid = Mapping[str, Sequence[Any]]

COMPONENTS = (20, 50, 80, 120, 180, 256)
"""Values of K of the default grid, as far as more components vary."""
DEFAULT: Grid = {
    "law": ("pairwise", "uniform", "normal"),
    "K": (*COMPONENTS, None),
    "fact": (0.3, 0.45, 0.6, 0.8, 1.0, 1.2),
}
"""Grid of `ellipse`; K null stands for all components that vary."""


def law_of(generator: str, parameters: Mapping[str, Any]) -> Generator:
    """A generator with its parameters.

    Raises
    ------
    pydantic.ValidationError
        If a parameter is missing, unknown or out of range.
    """
    return GENERATORS[generator].model_validate({**parameters, "generator": generator})


def plain(law: Generator, name: str) -> Any:
    """A parameter as a JSON value, as the model of its generator understands it.

    Examples
    --------
    >>> plain(law_of("ellipse", {"fact": 1}), "fact")
    1.0
    """
    return law.model_dump(mode="json")[name]


def grid_size(grid: Grid) -> int:
    """Number of points."""
    return prod(len(values) for values in grid.values())


def grid_laws(generator: str, parameters: Mapping[str, Any], grid: Grid) -> Iterator[Generator]:
    """The generator at every point; the last parameter varies fastest.

    Parameters
    ----------
    generator
        Its name.
    parameters
        Those that stay the same.
    grid
        Values of those that vary.

    Raises
    ------
    pydantic.ValidationError
        If the generator refuses the parameters of a point.

    Examples
    --------
    >>> laws = grid_laws("ellipse", {}, {"K": [20, 50], "fact": [0.6, 0.8]})
    >>> [(law.K, law.fact) for law in laws]
    [(20, 0.6), (20, 0.8), (50, 0.6), (50, 0.8)]
    """
    for values in product(*grid.values()):
        yield law_of(generator, {**parameters, **dict(zip(grid, values, strict=True))})


def default_grid(parameters: Mapping[str, Any], varying: int) -> Grid:
    """The grid of `ellipse` for vectors that vary along a number of components.

    Parameters
    ----------
    parameters
        Those that stay the same, which the grid leaves out.
    varying
        Number of principal components that vary.

    Examples
    --------
    >>> default_grid({"law": "normal"}, 64)["K"]
    (20, 50, 64)
    """
    components = (*(k for k in COMPONENTS if k < varying), varying)
    grid = {**DEFAULT, "K": components}
    return {name: values for name, values in grid.items() if name not in parameters}


def column(laws: Sequence[Generator], name: str) -> np.ndarray:
    """Values of a parameter at every point, as the store holds them.

    Parameters
    ----------
    laws
        The generator at every point.
    name
        The parameter.

    Returns
    -------
    numpy.ndarray
        (point,) bool, int64, float64 (NaN for null) or text (empty for null; lists and settings by
        name as JSON).
    """
    values = [plain(law, name) for law in laws]
    flat = [json.dumps(value) if isinstance(value, list | dict) else value for value in values]
    return label_values(flat)
