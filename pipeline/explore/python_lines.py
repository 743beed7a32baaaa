"""The Python that does what a pane of the explorer shows."""

from collections.abc import Mapping
from typing import Any

from zpoints.pipeline.explore.space import Space
from zpoints.storage import Store

VERSION = 12
"""Characters of a version's id that a line names."""


def opened(space: Space, *modules: str) -> str:
    """Imports, and the line that opens this version of the store.

    Parameters
    ----------
    space
        The store; arrays in memory have no such line, and the code goes on with `store`.
    modules
        Further lines of imports.

    Examples
    --------
    >>> import zpoints
    >>> print(opened(zpoints.open_arrays([[0.0], [1.0]]), "import numpy as np"))
    import numpy as np
    import zpoints as zp
    <BLANKLINE>
    # store = zp.open_arrays(...), as you opened it
    """
    lines = [*modules, "import zpoints as zp", ""]
    if isinstance(space, Store):
        lines.append(f"store = zp.open({space.root!r}, version={space.version[:VERSION]!r})")
    else:
        lines.append("# store = zp.open_arrays(...), as you opened it")
    return "\n".join(lines)


def called(function: str, *given: object, **named: object) -> str:
    """A call of a function with values, as one line.

    Examples
    --------
    >>> called("store.draw", "ellipse", 16, K=4, seed=0)
    "store.draw('ellipse', 16, K=4, seed=0)"
    """
    values = [repr(value) for value in given]
    return f"{function}({', '.join([*values, *(f'{k}={v!r}' for k, v in named.items())])})"


def changed(values: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """The values that differ from the usual ones.

    Examples
    --------
    >>> changed({"K": 4, "fact": 0.7}, {"K": None, "fact": 0.7})
    {'K': 4}
    """
    return {name: value for name, value in values.items() if usual.get(name, ...) != value}
