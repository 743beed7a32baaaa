"""Which vectors a query of their labels selects."""

import re
from difflib import get_close_matches

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.errors import AnalyzeError
from zpoints.pipeline.labels.splits import split_labels
from zpoints.storage.schema.registry import HAS_ATTRIBUTES


def selected(labelled: xr.Dataset, query: str) -> NDArray[np.bool_]:
    """Which photographs a query of their labels selects.

    Parameters
    ----------
    labelled
        The group `images` or `latents` of a store.
    query
        An expression as pandas' `DataFrame.query` takes it: attributes, `split`, `identity`,
        `name`, e.g. `"Smiling and not Male"` or `"split == 'test'"`. Where photographs have no
        split of their own, `split` is the one that zpoints gave them. Names that are no
        identifiers stand in backticks. A query that names an attribute selects no photograph
        whose attributes are unknown (`has_attributes`).

    Returns
    -------
    NDArray
        (image,) bool.

    Raises
    ------
    AnalyzeError
        If the query is not valid, names a label that there is not, or is not true or false.

    Examples
    --------
    >>> rows = {"Smiling": ("image", [True, False]), "Male": ("image", [True, False])}
    >>> selected(xr.Dataset(coords=rows), "Smiling and not Male")
    array([False, False])
    """
    frame = _frame(labelled)
    try:
        found = frame.eval(query, local_dict={}, global_dict={})
    except pd.errors.UndefinedVariableError as error:
        raise AnalyzeError(
            f"The query {query!r} names no label: {_hint(error, frame)}{_backticks(query, frame)}"
        ) from None
    except Exception as error:  # the engine raises whatever its parser and NumPy do
        raise AnalyzeError(
            f"The query {query!r} cannot be evaluated: {error}. Expected an expression such as "
            f"'Smiling and not Male' or \"split == 'test'\".{_backticks(query, frame)}"
        ) from None
    values = np.asarray(found)
    if values.dtype != np.bool_ or values.shape != (len(frame),):
        raise AnalyzeError(
            f"The query {query!r} is not true or false for each photograph: compare it, as in "
            "\"split == 'test'\"."
        )
    asked = {word.strip("`") for word in re.findall(r"`[^`]+`|\w+", query)}
    attributes = {name for name, label in frame.items() if label.dtype == np.bool_} - {
        HAS_ATTRIBUTES
    }
    if HAS_ATTRIBUTES in frame and asked & attributes:
        values = values & frame[HAS_ATTRIBUTES].to_numpy()
    return values


def _frame(labelled: xr.Dataset) -> pd.DataFrame:
    columns = {
        str(name): label.values
        for name, label in labelled.variables.items()
        if label.dims == ("image",) and (name in labelled.coords or name == "checksum")
    }
    if "checksum" in columns:
        columns["split"] = split_labels(labelled)
    return pd.DataFrame(columns)


def _hint(error: Exception, frame: pd.DataFrame) -> str:
    wrong = str(error).split("'")[1]
    close = get_close_matches(wrong, map(str, frame.columns), n=3, cutoff=0.5)
    if close:
        return f"{wrong!r}; did you mean {', '.join(close)}?"
    return f"{wrong!r}; there are {', '.join(sorted(map(str, frame.columns)))}."


def _backticks(query: str, frame: pd.DataFrame) -> str:
    """What to say where the query has a label that is no identifier, without backticks."""
    bare, odd = re.sub(r"`[^`]*`", "", query), [n for n in frame.columns if not n.isidentifier()]
    names = [name for name in odd if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", bare)]
    return f" Write `{names[0]}` in backticks." if names else ""
