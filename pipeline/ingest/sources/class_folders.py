"""Labels from the names of folders, where a tree has a folder for each class."""

import re
from collections.abc import Sequence

import numpy as np

from zpoints.pipeline.ingest.tables.interpret import SPLIT_NAMES
from zpoints.pipeline.labels.label_names import label_named
from zpoints.storage.labels.columns import label_column

CLASS = "class"
"""The label of the uppermost folders that are classes; those inside them give `class_2`, ..."""
LEVELS = 3
"""Levels of folders that become labels."""

_SPLITS = {name for name in SPLIT_NAMES if name.isalpha()}
_PART = re.compile("[0-9]{3,}")
"""Folders that only divide many photographs: 000, 001, ..."""


def class_folders(paths: Sequence[str], mode: str) -> dict[str, np.ndarray]:
    """Labels from the folders of photographs.

    Folders that hold everything, and those that are all called after splits, are passed over. With
    ``auto`` the next level gives the label if each photograph is in a folder of it, and the folders
    are classes: at least two, few, with several photographs each, and not only numbered parts.

    Parameters
    ----------
    paths
        Paths of the photographs, with ``/``.
    mode
        ``auto``; ``classes``, where folders are classes without further conditions; or ``ignore``.

    Returns
    -------
    dict
        By name, the folder (image,) of each photograph, object; empty where there is none.

    Examples
    --------
    >>> paths = [f"{split}/{kind}/{k}.jpg" for split in ("train", "test")
    ...          for kind in ("cat", "dog") for k in range(2)]
    >>> class_folders(paths, "auto")["class"].tolist()
    ['cat', 'cat', 'dog', 'dog', 'cat', 'cat', 'dog', 'dog']
    >>> class_folders(["000/1.jpg", "000/2.jpg", "001/3.jpg", "001/4.jpg"], "auto")
    {}
    """
    folders = [path.split("/")[:-1] for path in paths]
    if mode == "ignore" or not folders:
        return {}
    first = _first_level(folders)
    found: dict[str, np.ndarray] = {}
    for level in range(first, first + LEVELS):
        names = [label_named(parts[level]) if level < len(parts) else "" for parts in folders]
        if not any(names) or (mode == "auto" and not _are_classes(names, found)):
            break
        found[CLASS if level == first else f"{CLASS}_{len(found) + 1}"] = np.array(names, object)
    return found


def _first_level(folders: list[list[str]]) -> int:
    """The first level whose folders differ, and are not all splits."""
    for level in range(max(map(len, folders))):
        names = {parts[level] if level < len(parts) else "" for parts in folders}
        if len(names) > 1 and not {name.lower() for name in names} <= _SPLITS:
            return level
    return max(map(len, folders))


def _are_classes(names: list[str], found: dict[str, np.ndarray]) -> bool:
    """Whether folders of a level are classes; within classes some photographs may have none."""
    folders = {name for name in names if name}
    complete = bool(found) or len(folders) == len(set(names))
    numbered = all(_PART.fullmatch(name) for name in folders)
    kind = label_column(CLASS, np.array(names, dtype=object)).kind
    return complete and len(folders) > 1 and not numbered and kind == "category"
