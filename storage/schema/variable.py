"""One stored variable, and the tables in which the registry writes them down."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Variable:
    """What the registry knows about one stored variable.

    Attributes
    ----------
    name
        Name within the group.
    dims
        Dimension names, in order.
    dtype
        NumPy dtype, or `str` for text of any length.
    meaning
        What it holds, with its unit or range.
    required
        Whether the group is incomplete without it.
    label
        Whether it describes the rows and is a coordinate rather than a data variable.
    lazy
        Whether it grows with the data and so opens as a Dask array.
    """

    name: str
    dims: tuple[str, ...]
    dtype: str
    meaning: str
    required: bool = False
    label: bool = False
    lazy: bool = False


def table(
    text: str, *, required: bool = False, label: bool = False, lazy: bool = False
) -> Iterator[Variable]:
    """Read lines `name | dims | dtype | meaning`."""
    for line in filter(str.strip, text.splitlines()):
        name, dims, dtype, meaning = (field.strip() for field in line.split("|", 3))
        yield Variable(
            name=name,
            dims=tuple(dims.split()),
            dtype=dtype,
            meaning=meaning,
            required=required,
            label=label,
            lazy=lazy,
        )


def group(*tables: Iterator[Variable]) -> dict[str, Variable]:
    """The variables of several tables by name."""
    return {variable.name: variable for lines in tables for variable in lines}
