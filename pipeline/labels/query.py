"""Queries of labels, evaluated by pandas."""

import re
from difflib import get_close_matches

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zpoints.pipeline.errors import QueryError


def evaluate(query: str, labels: pd.DataFrame) -> tuple[NDArray[np.bool_], set[str]]:
    """Evaluate a query over labels (row per photograph).

    Returns
    -------
    rows
        (image,) bool: the photographs that it selects.
    named
        The words in the query, among them the labels that it names.

    Raises
    ------
    QueryError
        If the query is invalid, names an unknown label, or is not boolean.
    """
    try:
        found = labels.eval(query, local_dict={}, global_dict={})
    except pd.errors.UndefinedVariableError as error:
        raise QueryError(
            f"The query {query!r} names an unknown label: {_suggestion(error, labels)}"
            f"{_backticks(query, labels)}"
        ) from None
    except Exception as error:  # the engine passes on all errors of its parser and of NumPy
        raise QueryError(
            f"The query {query!r} cannot be evaluated: {error}. Expected an expression such as "
            f"'Smiling and not Male' or \"split == 'test'\".{_backticks(query, labels)}"
        ) from None
    rows = np.asarray(found)
    if rows.dtype != np.bool_ or rows.shape != (len(labels),):
        raise QueryError(
            f"The query {query!r} is not true or false for each photograph. Expected a comparison "
            "such as \"split == 'test'\"."
        )
    return rows, {word.strip("`") for word in re.findall(r"`[^`]+`|\w+", query)}


def _suggestion(error: Exception, labels: pd.DataFrame) -> str:
    wrong = str(error).split("'")[1]
    close = get_close_matches(wrong, map(str, labels.columns), n=3, cutoff=0.5)
    if close:
        return f"{wrong!r}; did you mean {', '.join(close)}?"
    return f"{wrong!r}; available: {', '.join(sorted(map(str, labels.columns)))}."


def _backticks(query: str, labels: pd.DataFrame) -> str:
    """Advice where the query names a label that is not an identifier without backticks."""
    bare = re.sub(r"`[^`]*`", "", query)
    odd = [name for name in labels.columns if not name.isidentifier()]
    names = [name for name in odd if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", bare)]
    return f" Write `{names[0]}` in backticks." if names else ""
