"""Measured quality as tables: of every generator, and which of them is for what."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd
import xarray as xr

from zpoints.pipeline.errors import EvaluateError
from zpoints.pipeline.evaluate.config import REFERENCES
from zpoints.pipeline.evaluate.measure_table import all_measures
from zpoints.pipeline.evaluate.merit import SOUND, by_merit, memorises, merits
from zpoints.pipeline.evaluate.recommendation import (
    BOTH,
    CLEANEST,
    DIVERSE,
    Recommendation,
    recommend,
)
from zpoints.storage.errors import did_you_mean, instead
from zpoints.storage.text import some_of

MAIN = ("merit", "precision", "recall", "face_rate", "memorises")
"""Columns that a choice between generators needs."""
ALL = "all"
WIDTH = 100
"""Characters a line of a table that is shown as text."""
PURPOSES = (CLEANEST, DIVERSE, BOTH)


class ShownTable(pd.DataFrame):
    """A table that shows all of its rows and columns, with few digits; it holds them all."""

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    def __repr__(self) -> str:
        text = pd.DataFrame(self).to_string(
            float_format=shown_number, line_width=WIDTH, na_rep="", sparsify=True
        )
        return str(text)

    def _repr_html_(self) -> str:
        table = pd.DataFrame(self)
        return str(table.to_html(float_format=shown_number, na_rep="", notebook=True))


def shown_number(value: float) -> str:
    """Whole numbers with separators, others with three significant digits.

    Examples
    --------
    >>> shown_number(20000.0), shown_number(0.91234), shown_number(1234.56), shown_number(2.5e-7)
    ('20,000', '0.912', '1,235', '2.5e-07')
    """
    whole = float(value).is_integer() or abs(value) >= 1000
    return f"{value:,.0f}" if whole else f"{value:.3g}"


def quality_table(
    measured: Mapping[str, xr.Dataset], measures: Sequence[str] = (), *, index: str = "images"
) -> ShownTable:
    """The measures of generators and references; see `LatentStore.compare`.

    Parameters
    ----------
    measured
        The groups `quality/<name>`, by name.
    measures
        Names of columns, "all" for all of them; the main ones by default.
    index
        Name of the rows: what is judged.

    Raises
    ------
    EvaluateError
        If a measure is unknown, or was not made.
    """
    found, rows, real = merits(measured), {}, measured.get("real")
    for name in by_merit(measured):
        row = measured[name]
        keys = [key for m in all_measures() for key in m.stored_as if key in row]
        rows[name] = {
            "merit": found[name].value,
            "merit_error": found[name].error,
            "memorises": real is not None and name not in REFERENCES and memorises(row, real),
            **{key: float(row[key]) for key in keys},
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(index)
    if measures == (ALL,):
        return ShownTable(table)
    if not rows and not measures:
        return ShownTable(columns=list(MAIN))
    unknown = [name for name in measures if name not in table]
    if unknown:
        known = [str(name) for name in table if not str(name).endswith("_error")]
        raise EvaluateError(
            f"There is no measure {', '.join(map(repr, unknown))} in this version; expected some "
            f"of {some_of(known, 12) if known else 'none: no generator has been evaluated'}."
            f"{did_you_mean(str(unknown[0]), map(str, table))} compare() without names has the "
            'main ones, compare("all") all of them.'
        )
    return ShownTable(table[list(measures) or [name for name in MAIN if name in table]])


class Recommended(pd.DataFrame):
    """Recommendations as a table of the columns `name`, `reason` and `price`, by purpose.

    It shows whole sentences, and where it is empty, why.
    """

    _metadata = ("why_empty",)
    why_empty: str = ""

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    def __repr__(self) -> str:
        rows = (Recommendation(*row) for row in self.itertuples(name=None))
        return "\n".join(row.sentence for row in rows) or self.why_empty

    def _repr_html_(self) -> str:
        if self.empty:
            return f"<p>{escape(self.why_empty)}</p>"
        with pd.option_context("display.max_colwidth", None):
            return pd.DataFrame(self)._repr_html_()  # type: ignore[operator]


def recommended(measured: Mapping[str, xr.Dataset], purpose: str | None = None) -> Recommended:
    """Which generator for what; see `LatentStore.recommended`.

    Raises
    ------
    EvaluateError
        If the purpose is unknown.
    """
    if purpose is not None and purpose not in PURPOSES:
        raise EvaluateError(
            f"Unknown purpose {purpose!r}; {instead(purpose, PURPOSES)}, or none for all three."
        )
    rows = [row for row in recommend(measured) if purpose in (None, row.purpose)]
    table = Recommended(rows, columns=Recommendation._fields).set_index("purpose")
    shown = Recommended(table)
    shown.why_empty = "" if rows else _why_none(measured)
    return shown


def _why_none(measured: Mapping[str, xr.Dataset]) -> str:
    found = {name: m.value for name, m in merits(measured).items() if name not in REFERENCES}
    known = {name: value for name, value in found.items() if value == value}
    if not known:
        return (
            "No generator has been evaluated in this version. A run with the stage evaluate "
            "measures them."
        )
    best = max(known, key=lambda name: known[name])
    if known[best] >= SOUND:
        return (
            "No generator qualifies: those with enough merit nearly copy training vectors, or "
            "lack precision or recall. store.compare() has the measures."
        )
    return (
        f"No generator qualifies: the best one, {best}, has a merit of {known[best]:.2f}; expected "
        f"at least {SOUND}. More photographs or a longer training (train.epochs) help; "
        "store.compare() has the measures."
    )
