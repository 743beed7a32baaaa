"""Finds the photograph that each row of a table names.

A name is compared as a whole path first. Only what matches no photograph so is compared further,
and a photograph that has a row gets no other one that matches less of its name:

1. the whole path, seen from the folder of the table, from that of the photographs, or from one that
   holds them;
2. the end of the path, which may be the file name alone, where one photograph has it;
3. the same without suffix, since photographs are often stored again in another format.

A row that gives a folder matches no photograph of another folder, since photographs are often
numbered in each folder. Slashes of Windows and the two forms of accented letters make no
difference.
"""

import posixpath
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zpoints.pipeline.ingest.files.file_names import SUFFIXES
from zpoints.pipeline.ingest.tables.lookup import Lookup, ends_of

PICTURES = (*SUFFIXES, ".heic", ".heif", ".jxl", ".dng", ".raw", ".cr2", ".nef", ".arw")
"""Suffixes of pictures, those from which no photograph can be read included."""

PATHS, ENDS, PATH_STEMS, END_STEMS = range(4)
WAYS = ("paths", "file names", "paths without suffix", "file names without suffix")
"""What names of a table and of photographs have in common, closest first."""

_ABSOLUTE = re.compile(r"/|~|[A-Za-z][A-Za-z0-9+.-]*:/")
_SUFFIX = re.compile(r"\.[^./]*$")


@dataclass(frozen=True)
class Matches:
    """The photographs that the rows of a table name.

    Attributes
    ----------
    position
        (row,) int64: index of the photograph, or -1.
    way
        The loosest of `WAYS` that a row needed; empty if no row matches.
    ambiguous
        (row,) bool: whether a row matches none because its name fits several photographs.
    """

    position: np.ndarray
    way: str
    ambiguous: np.ndarray

    @property
    def photographs(self) -> int:
        """Number of photographs with a row."""
        return int(np.count_nonzero(np.bincount(self.position[self.position >= 0])))


def match_names(
    given: pd.Series, names: Sequence[str], *, source: str = "", base: str = ""
) -> Matches:
    """Find the photograph that each row names.

    Parameters
    ----------
    given
        (row,) names in the table.
    names
        Names of the photographs: unique paths relative to their folder.
    source
        That folder, as an absolute path or a URL.
    base
        Folder of the table. If the table names photographs inside it, it names no others.
    """
    codes, texts = pd.factorize(given.astype(object))
    search = _Search(list(texts), list(names), source=source, base=base or source)
    search.run()
    position = np.append(search.found, -1)[codes]  # the last one is of rows without a name
    ambiguous = np.append(search.ambiguous & (search.found < 0), False)[codes]
    way = WAYS[search.way.max()] if (search.found >= 0).any() else ""
    return Matches(position, way, ambiguous)


def cleaned(text: str) -> str:
    """A name as a path with slashes, in composed Unicode.

    Examples
    --------
    >>> cleaned(" .\\\\train\\\\1.jpg")
    'train/1.jpg'
    """
    path = unicodedata.normalize("NFC", text.strip()).replace("\\", "/")
    return posixpath.normpath(path) if "/" in path else path


class _Search:
    """The distinct names of a table, each compared until it matches.

    Attributes
    ----------
    found
        (text,) int64: index of the photograph, or -1.
    way
        (text,) int64: how it was found, see `WAYS`.
    ambiguous
        (text,) bool: whether a comparison found several photographs.
    stems
        (photograph,) its whole path without suffix.
    """

    def __init__(self, texts: list[str], names: list[str], *, source: str, base: str) -> None:
        self.texts, self.names = texts, names
        self.source, self.base = cleaned(source), cleaned(base)
        self.found = np.full(len(texts), -1)
        self.way = np.zeros(len(texts), int)
        self.ambiguous = np.zeros(len(texts), bool)
        self.stems: list[str] = []

    def run(self) -> None:
        exact = pd.Index(self.names, dtype=object).get_indexer(pd.Index(self.texts, dtype=object))
        if (exact >= 0).all():
            self._take(PATHS, exact)
            return
        rows = [cleaned(text) for text in self.texts]
        paths = [cleaned(name) for name in self.names]
        self.stems = [_SUFFIX.sub("", path) for path in paths]
        if self._inside(rows, paths):
            return
        self._whole(PATHS, rows, paths, exact)
        self._ends(ENDS, rows, paths)
        for shortened in _without_suffix(rows):
            self._whole(PATH_STEMS, shortened, self.stems)
            self._ends(END_STEMS, shortened, self.stems)

    def _inside(self, rows: list[str], paths: list[str]) -> bool:
        """Compare with the photographs in the table's own folder; whether there are some of it.

        Then the table is about these alone: a row that lacks its photograph finds no other one.
        """
        if not self.base.startswith(f"{self.source}/"):
            return False
        folder = f"{self.base.removeprefix(f'{self.source}/')}/"
        chosen = [k for k, path in enumerate(paths) if path.startswith(folder)]
        search = _Search(rows, [paths[k].removeprefix(folder) for k in chosen], source="", base="")
        if chosen:
            search.run()
        if not (search.found >= 0).any():
            return False
        self.found, self.way = np.append(chosen, -1)[search.found], search.way
        self.ambiguous = search.ambiguous
        return True

    def _complete(self) -> bool:
        return bool((self.found >= 0).all() or self._taken().all())

    def _taken(self) -> np.ndarray:
        """(photograph + 1,) bool: whether it has a row; the last is of -1, no photograph."""
        taken = np.zeros(len(self.names) + 1, bool)
        taken[self.found] = True
        taken[-1] = True
        return taken

    def _take(self, way: int, position: np.ndarray) -> None:
        """Use what a comparison found, unless text or photograph have matched more closely."""
        new = (self.found < 0) & ~self._taken()[position]
        self.found[new] = position[new]
        self.way[new] = way

    def _whole(
        self, way: int, rows: list[str], paths: list[str], exact: np.ndarray | None = None
    ) -> None:
        """Compare whole paths, seen from the table, from the source, and from folders above it."""
        if self._complete():
            return
        lookup = Lookup(paths)
        for position in self._seen_from_folders(rows, paths, lookup, exact):
            self._take(way, position)
            if self._complete():
                return
        self.ambiguous |= lookup.repeated(rows)

    def _seen_from_folders(
        self, rows: list[str], paths: list[str], lookup: Lookup, exact: np.ndarray | None
    ) -> Iterator[np.ndarray]:
        here = lookup.of(rows)
        yield here if exact is None else np.where(exact >= 0, exact, here)
        if self.base != self.source or any(row.startswith("../") for row in rows):
            seen = [posixpath.normpath(f"{self.base}/{row}") if row else "" for row in rows]
            yield lookup.after(f"{self.source}/", seen)
        folders = self.source.strip("/").split("/")
        rooted = [row.lstrip("/") for row in rows]
        for count in range(len(folders), 0, -1):
            yield lookup.after(f"{'/'.join(folders[-count:])}/", rooted)
        yield self._moved(rows, paths, lookup)

    def _moved(self, rows: list[str], paths: list[str], lookup: Lookup) -> np.ndarray:
        """Compare absolute paths of another place with whole paths.

        One folder must have held the photographs. Either it has the name of the present one, or it
        is the root, or photographs in folders inside it show that it is meant.
        """
        position = np.full(len(rows), -1)
        absolute = [k for k, row in enumerate(rows) if self.found[k] < 0 and _ABSOLUTE.match(row)]
        places: dict[str, dict[int, int]] = {}
        shown: set[str] = set()
        for depth in sorted({path.count("/") for path in paths}) if absolute else ():
            parts = [rows[k].rsplit("/", depth + 1) for k in absolute]
            ends = lookup.of(["/".join(part[1:]) for part in parts])
            for k, part, end in zip(absolute, parts, ends, strict=True):
                if end >= 0 and len(part) == depth + 2:
                    places.setdefault(part[0], {})[k] = end
                    if depth or self._same_name(part[0]) or not part[0]:
                        shown.add(part[0])
        if len(shown) > 1:
            shown = set(filter(self._same_name, shown))
        if len(shown) == 1:
            found = places[shown.pop()]
            position[list(found)] = list(found.values())
        return position

    def _same_name(self, place: str) -> bool:
        return posixpath.basename(place) == posixpath.basename(self.source)

    def _ends(self, way: int, rows: list[str], paths: list[str]) -> None:
        """Compare with the ends of longer paths, where one photograph has that end.

        Not if a row that matches a whole path is the end of another one, too: the table then means
        whole paths, and a row without its photograph would pass to a namesake.
        """
        deepest = max((path.count("/") for path in paths), default=0)
        if self._complete() or not deepest:
            return
        distinct = list(dict.fromkeys(self.stems))
        depths = np.array([row.count("/") for row in rows])
        whole = (self.found >= 0) & np.isin(self.way, (PATHS, PATH_STEMS))
        position = np.full(len(rows), -1)
        for depth in range(deepest + 1):
            here = np.flatnonzero(depths == depth)
            if not len(here):
                continue
            meant = ends_of([self.stems[self.found[k]] for k in here if whole[k]], depth)
            if Lookup(ends_of(distinct, depth)).repeated(meant).any():
                return
            ends, texts = Lookup(ends_of(paths, depth)), [rows[k] for k in here]
            position[here] = ends.of(texts)
            self.ambiguous[here] |= ends.repeated(texts)
        self._take(way, position)


def _without_suffix(rows: list[str]) -> Iterator[list[str]]:
    """The names as they are, if some have no suffix; then those with one without it.

    A suffix is one of a picture, or the one that all names of the table have.
    """
    pictures = [row.lower().endswith(PICTURES) for row in rows]
    if not all(pictures):
        yield rows
    endings = {found[0] for row in rows if (found := _SUFFIX.search(row))}
    if len(endings) == 1:
        yield [_SUFFIX.sub("", row) for row in rows]
    elif endings:
        named = zip(rows, pictures, strict=True)
        yield [_SUFFIX.sub("", row) if picture else row for row, picture in named]
