"""The settings of the analyze stage; its tasks are the chunks that `encode.chunk` makes."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings
from zpoints.storage.errors import QueryError
from zpoints.storage.labels.syntax import parse_query

Number = Annotated[int, Field(ge=0)]
Pair = tuple[Number, Number]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]


def _query(text: str) -> str:
    """The text, if it is of the language of queries; names are checked with the labels."""
    try:
        parse_query(text)
    except QueryError as error:
        raise ValueError(str(error)) from None
    return text


Query = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_query)
]

MOST_PAIRS = 120


class PairsConfig(Settings):
    """Settings of the pair densities."""

    bins: int = Field(
        default=48,
        ge=10,
        le=128,
        description="sampling intervals of each component of a pair",
    )
    reach: float = Field(
        default=4.0,
        gt=0,
        le=20,
        description="range of the intervals to either side of the mean, in standard deviations",
    )
    components: int = Field(
        default=6,
        ge=2,
        le=16,
        description="number of components whose pairs are all counted: the most dominant "
        "components, and the leading principal components",
    )
    original: list[Pair] | None = Field(
        default=None,
        max_length=MOST_PAIRS,
        description="pairs [i, j] of components to count instead, numbered from 0 as in the store",
    )
    pc: list[Pair] | None = Field(
        default=None,
        max_length=MOST_PAIRS,
        description="pairs [k, l] of principal components to count instead, numbered from 0 as in "
        "the store",
    )


class PcaConfig(Settings):
    """Settings of the principal components."""

    solver: Literal["exact", "incremental"] = Field(
        default="exact",
        description="exact (eigenvectors of the merged covariance) or incremental (dask-ml's "
        "IncrementalPCA, in an additional pass; the report compares both)",
    )


class AnalyzeConfig(Settings):
    """Settings of the latent statistics."""

    bins: int = Field(
        default=100,
        ge=10,
        le=1000,
        description="sampling intervals of each number distribution, over 10 standard deviations",
    )
    core_level: float = Field(
        default=3.0,
        gt=0,
        le=8,
        description="level of the core: the ellipsoid that encloses the same share of a normal "
        "distribution as an ellipse of this level in two dimensions (3: 98.9 %)",
    )
    selections: Annotated[dict[Name, Query], NOT_IN_FINGERPRINT] = Field(
        default_factory=dict,
        description="additional statistics of the vectors that a query of the labels selects: "
        "NAME: 'Smiling and not Male' becomes selections/NAME in the store",
    )
    pca: PcaConfig = Field(default=PcaConfig(), description="principal components")
    pairs: PairsConfig = Field(
        PairsConfig(), description="number distributions of pairs of components"
    )
