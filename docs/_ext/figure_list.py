"""The figures of `zpoints.pl`, each with the first paragraph of its docstring."""

import inspect

from markdown_table import table

import zpoints.pl
from zpoints.pipeline.figures import OWN


def markdown() -> str:
    """A row for each figure of zpoints, linked to its page in the reference."""
    rows = []
    for name in sorted(OWN):
        text = inspect.getdoc(getattr(zpoints.pl, name)) or ""
        rows.append((f"{{py:obj}}`{name} <zpoints.pl.{name}>`", _plain(text.partition("\n\n")[0])))
    return table(["figure", "what it draws"], rows)


def _plain(text: str) -> str:
    return text.replace("*", "\\*").replace("<", "\\<")
