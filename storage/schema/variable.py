"""One stored variable, and the parser of the registry's tables."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One stored variable.

    Attributes
    ----------
    name
        Name within the group.
    dims
        Dimension names, in order.
    dtype
        NumPy dtype, or `str` for text of any length.
    units
        Units of its values, "1" where they have none.
    meaning
        What it contains, with its range.
    required
        Whether every group must have it, or with `made_with` every one that was made with that.
    made_with
        The group that it follows from, e.g. `model`: a group that was made without has no such
        variable. Empty if it follows from none in particular.
    label
        Whether it describes the rows and is a coordinate rather than a data variable.
    lazy
        Whether it grows with the data: it opens as a Dask array, and is stored without compression.
    """

    name: str
    dims: tuple[str, ...]
    dtype: str
    units: str
    meaning: str
    required: bool = False
    made_with: str = ""
    label: bool = False
    lazy: bool = False


def parse_table(
    text: str,
    *,
    required: bool = False,
    made_with: str = "",
    label: bool = False,
    lazy: bool = False,
) -> Iterator[Variable]:
    """Parse lines `name | dims | dtype | units | meaning`.

    Parameters
    ----------
    text
        The lines; empty ones are ignored.
    required, made_with, label, lazy
        The same attributes for all variables of the table.
    """
    for line in filter(str.strip, text.splitlines()):
        name, dims, dtype, units, meaning = (field.strip() for field in line.split("|", 4))
        yield Variable(
            name=name,
            dims=tuple(dims.split()),
            dtype=dtype,
            units=units,
            meaning=meaning,
            required=required,
            made_with=made_with,
            label=label,
            lazy=lazy,
        )


def by_name(*tables: Iterator[Variable]) -> dict[str, Variable]:
    """The variables of several tables by name."""
    return {variable.name: variable for lines in tables for variable in lines}
