"""Makes names such as `n_samples_` and `|mu|` in docstrings mean themselves, not a reference."""

import re
from typing import Any

from sphinx.application import Sphinx

CODE = re.compile(r"(``.+?``|`[^`]+`)")
ATTRIBUTE = re.compile(r"(?<![\w.:])([A-Za-z]\w*_)(?!\w)")
BARS = re.compile(r"\|(?=\S)")


def escape(line: str) -> str:
    """A line of a docstring in which RST sees no references that nobody meant.

    Examples
    --------
    >>> escape("with |mu| and `x_`, n_samples_")
    'with \\\\|mu\\\\| and `x_`, ``n_samples_``'
    """
    if line.lstrip().startswith((">>>", "...", "..", ":", "|")):
        return line
    parts = CODE.split(line)
    for place in range(0, len(parts), 2):
        text = re.sub(r"\|", r"\\|", parts[place]) if BARS.search(parts[place]) else parts[place]
        parts[place] = ATTRIBUTE.sub(r"``\1``", text)
    return "".join(parts)


def _process(
    _app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]
) -> None:
    lines[:] = [escape(line) for line in lines]


def setup(app: Sphinx) -> dict[str, bool]:
    """Apply `escape` after numpydoc."""
    app.connect("autodoc-process-docstring", _process, priority=600)
    return {"parallel_read_safe": True}
