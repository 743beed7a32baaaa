"""Finds texts among the keys of photographs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


class Lookup:
    """Finds texts among keys, one per photograph; a key of several photographs finds none.

    Parameters
    ----------
    keys
        The keys; empty for photographs without one.

    Examples
    --------
    >>> Lookup(["a", "b", "b"]).of(["a", "b", "c"])
    array([ 0, -1, -1])
    """

    def __init__(self, keys: Sequence[str]) -> None:
        index = pd.Index(list(keys), dtype=object)
        several, blank = index.duplicated(keep=False), index == ""
        self._position = np.append(np.flatnonzero(~several & ~blank), -1)
        self._single = index[~several & ~blank]
        self._several = index[several & ~blank].unique()

    def of(self, texts: Sequence[str]) -> np.ndarray:
        """(text,) int64: the photograph with this key, or -1."""
        return self._position[self._single.get_indexer(pd.Index(list(texts), dtype=object))]

    def after(self, folder: str, texts: Sequence[str]) -> np.ndarray:
        """(text,) int64: the photograph whose key follows a folder in the text, or -1."""
        found = np.full(len(texts), -1)
        here = [k for k, text in enumerate(texts) if text.startswith(folder)]
        found[here] = self.of([texts[k].removeprefix(folder) for k in here])
        return found

    def repeated(self, texts: Sequence[str]) -> np.ndarray:
        """(text,) bool: whether several photographs have this key."""
        return pd.Index(list(texts), dtype=object).isin(self._several)


def ends_of(paths: Sequence[str], depth: int) -> list[str]:
    """The end of each path that has as many folders; empty for a path with fewer.

    Examples
    --------
    >>> ends_of(["a/b/1.jpg", "2.jpg"], 1)
    ['b/1.jpg', '']
    """
    return [
        "/".join(parts[-depth - 1 :]) if len(parts := path.split("/")) > depth else ""
        for path in paths
    ]
