"""The annotation files of a CelebA tree in their official formats, and the true factors."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from zpoints.pipeline.synthesize.attributes import attributes
from zpoints.pipeline.synthesize.factors import DISTINCT, WINDOW

OFFICIAL_SPLIT = (162_770, 19_867, 19_962)
POINTS = ("lefteye", "righteye", "nose", "leftmouth", "rightmouth")


def file_name(index: int) -> str:
    """CelebA's name of the image with this index (from 0)."""
    return f"{index + 1:06d}.jpg"


def partition(count: int) -> npt.NDArray[np.int64]:
    """Split of each image in CelebA's proportions: 0 train, 1 validation, 2 test, in file order.

    Boundaries are between windows of images, so that no person is in two splits. Up to 48 images
    each shows another person, and boundaries may be anywhere.

    Examples
    --------
    >>> np.bincount(partition(1000)).tolist()
    [800, 96, 104]
    """
    cuts = np.rint(np.cumsum(OFFICIAL_SPLIT)[:2] / sum(OFFICIAL_SPLIT) * count)
    if count > DISTINCT * WINDOW:
        last = (count - 1) // WINDOW
        cuts = np.minimum(np.rint(cuts / WINDOW), [last - 1, last]) * WINDOW
    return np.searchsorted(cuts, np.arange(count), side="right")


def write_annotations(
    destination: Path, factors: pd.DataFrame, points: npt.NDArray[np.int64]
) -> None:
    """Write attributes, partition, identities, landmarks and factors of all images.

    Parameters
    ----------
    destination
        Folder of the tree.
    factors
        As from `draw_factors`.
    points
        (image, 5, 2) int64, landmarks in pixels: eyes, nose, corners of the mouth.
    """
    names = [file_name(index) for index in range(len(factors))]
    table = attributes(factors)
    signs = np.where(table.to_numpy(), " 1", "-1")
    write = _Writer(destination, names)
    write("list_attr_celeba.txt", map(" ".join, signs), header=" ".join(table.columns))
    write(
        "list_landmarks_align_celeba.txt",
        (" ".join(f"{value:4d}" for value in row.ravel()) for row in points),
        header=" ".join(f"{point}_{axis}" for point in POINTS for axis in "xy"),
    )
    write("list_eval_partition.txt", map(str, partition(len(names))))
    write("identity_CelebA.txt", map(str, factors["identity"]))
    known = factors.drop(columns="identity")
    known.insert(0, "name", names)
    known.to_csv(destination / "factors.csv", index=False)


class _Writer:
    """Writes files of one line per image, after a count and a header where the format has one."""

    def __init__(self, destination: Path, names: list[str]) -> None:
        self.destination, self.names = destination, names

    def __call__(self, file: str, values: Iterable[str], *, header: str | None = None) -> None:
        lines = [] if header is None else [str(len(self.names)), header]
        lines += [f"{name} {value}" for name, value in zip(self.names, values, strict=True)]
        (self.destination / file).write_text("\n".join(lines) + "\n")
