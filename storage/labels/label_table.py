"""Shows the labels of latent vectors: their names, and what values they have."""

from html import escape

import numpy as np
import pandas as pd
import xarray as xr

NAMES = 8
"""Names listed in text; the others are counted."""
CATEGORIES = 4
"""Values listed of a label of text; the others are counted."""

OF_FILES = ("image", "checksum", "signature")
"""Coordinates that tell photographs apart, and describe none."""


def label_names(labelled: xr.Dataset) -> list[str]:
    """Names of the labels along `image`, without those of the files."""
    return [
        str(name)
        for name, values in labelled.coords.items()
        if values.dims == ("image",) and name not in OF_FILES
    ]


def label_text(labelled: xr.Dataset) -> str:
    """The names of the labels in a line; empty without labels.

    Examples
    --------
    >>> label_text(xr.Dataset(coords={"digit": ("image", [3, 4])}))
    'labels: digit'
    """
    names = label_names(labelled)
    more = f", {len(names) - NAMES} more" if len(names) > NAMES else ""
    return f"labels: {', '.join(names[:NAMES])}{more}" if names else ""


def label_table(labelled: xr.Dataset) -> str:
    """The labels and their values as HTML that unfolds; empty without labels."""
    names = label_names(labelled)
    if not names:
        return ""
    cell = '<td style="text-align: left">{}</td>'
    rows = "".join(
        f"<tr>{cell.format(escape(name))}{cell.format(escape(_values(labelled[name])))}</tr>"
        for name in names
    )
    summary = escape(f"{len(names)} {label_text(labelled)}")
    return f"<details><summary>{summary}</summary><table>{rows}</table></details>"


def _values(label: xr.DataArray) -> str:
    """What the values of a label are.

    Examples
    --------
    >>> _values(xr.DataArray([True, False, True])), _values(xr.DataArray([3.0, np.nan, 1.5]))
    ('true in 67 %', '1.5 to 3; 1 missing')
    """
    values = pd.Series(np.asarray(label.values))
    known = values.dropna()
    missing = f"; {len(values) - len(known):,} missing" if len(known) < len(values) else ""
    if not len(known):
        return "no value"
    if known.map(type).isin([bool, np.bool_]).all():
        return f"true in {known.astype(bool).mean():.0%}{missing}".replace("%", " %")
    if pd.api.types.is_datetime64_any_dtype(known):
        return f"{known.min():%Y-%m-%d} to {known.max():%Y-%m-%d}{missing}"
    if pd.api.types.is_numeric_dtype(known):
        return f"{known.min():g} to {known.max():g}{missing}"
    counts = known.astype(str).value_counts()
    more = f", {len(counts) - CATEGORIES:,} more" if len(counts) > CATEGORIES else ""
    listed = ", ".join(f"{name} ({count:,})" for name, count in counts[:CATEGORIES].items())
    return f"{listed}{more}{missing}"
