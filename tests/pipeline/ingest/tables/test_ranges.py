"""Numbers that the store cannot hold are refused or left out, never changed, in every format."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.pipeline.ingest.photographs import NAMES, POINTS, celeba_tree, kaggle_tree, opened
from tests.pipeline.ingest.photographs import write_small as photographs
from tests.pipeline.ingest.test_parquet import images, write
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.tables.ranges import fits, narrowed

TOO_LARGE = ["99999999999", "4294967297", "2147483648", "1e30", "inf", "1" + "0" * 40]
NO_PIXEL = ["70000", "32768", "-32769", "1e9", "inf", "-inf"]


def in_csv(home: Path, column: str, values: list[str]) -> Source:
    photographs(home, NAMES[: len(values)])
    rows = [f"{name},{value},1" for name, value in zip(NAMES, values, strict=False)]
    (home / "labels.csv").write_text("\n".join([f"file,{column},Young", *rows]))
    return opened(home)


def in_parquet(home: Path, column: str, values: list[str]) -> Source:
    try:
        numbers = pa.array([int(value) for value in values], pa.int64())
    except (ValueError, OverflowError):
        numbers = pa.array([float(value) for value in values])
    young = pa.array([True] * len(values))
    columns = {"image": images(range(len(values))), column: numbers, "Young": young}
    write(home / "a.parquet", columns)
    return opened(home)


FORMATS = {"csv": in_csv, "parquet": in_parquet}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("value", TOO_LARGE)
def test_identities__out_of_range_are_left_out(format: str, value: str, tmp_path: Path) -> None:
    source = FORMATS[format](tmp_path, "identity", ["5", value])

    assert "identity" not in source.labels
    assert any("identity is left out" in note and "whole number from" in note
               for note in source.notes)  # fmt: skip


@pytest.mark.parametrize("format", FORMATS)
def test_identities__at_the_ends_of_the_range_are_kept(format: str, tmp_path: Path) -> None:
    source = FORMATS[format](tmp_path, "identity", ["0", "2147483647", "-2147483648"])

    assert source.labels["identity"].tolist() == [0, 2147483647, -2147483648]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("value", ["4294967297", "4294967296", "65537", "257"])
def test_attributes__are_no_other_numbers(format: str, value: str, tmp_path: Path) -> None:
    source = FORMATS[format](tmp_path, "Smiling", ["0", value])

    assert source.labels["Smiling"].tolist() == [0, int(value)]
    assert source.labels["Smiling"].dtype == np.int64


@pytest.mark.parametrize("value", NO_PIXEL)
def test_landmarks__of_a_photograph_with_one_out_of_range_are_unknown(
    value: str, tmp_path: Path
) -> None:
    photographs(tmp_path, NAMES[:2])
    rows = [f"{NAMES[0]},{value},2,3,4,5,6,7,8,9,10", f"{NAMES[1]},1,2,3,4,5,6,7,8,9,10"]
    header = f"file,{POINTS.replace(' ', ',')}"
    (tmp_path / "labels.csv").write_text("\n".join([header, *rows]))

    source = opened(tmp_path)

    assert source.landmarks is not None
    assert (source.landmarks[0] == -1).all()
    assert source.landmarks[1].ravel().tolist() == list(range(1, 11))
    assert any("1 photograph whose landmarks are not positions" in note for note in source.notes)


def test_landmarks__of_parquet_shards_are_checked(tmp_path: Path) -> None:
    points = {name: pa.array([k, 70_000 if k == 3 else k]) for k, name in enumerate(POINTS.split())}
    write(tmp_path / "a.parquet", {"image": images(range(2)), **points})

    landmarks = opened(tmp_path).landmarks

    assert landmarks is not None
    assert landmarks[0].ravel().tolist() == list(range(10))
    assert (landmarks[1] == -1).all()


ANNOTATIONS = [
    (tree, stem, old, value)
    for tree in (celeba_tree, kaggle_tree)
    for stem, old, value in (
        *(("identity_CelebA", "100", value) for value in [*TOO_LARGE, "1.5"]),
        *(("list_attr_celeba", "1", value) for value in ("4294967297", "4294967295", "nan")),
        *(("list_eval_partition", "0", value) for value in ("4294967296", "256", "0.5")),
        *(("list_landmarks_align_celeba", "69", value) for value in [*NO_PIXEL, "69.5"]),
    )
    if tree is celeba_tree or stem != "identity_CelebA"  # which Kaggle does not have
]


@pytest.mark.parametrize(("tree", "stem", "old", "value"), ANNOTATIONS)
def test_annotation_files__of_celeba_with_such_numbers_are_refused(
    tree, stem: str, old: str, value: str, tmp_path: Path
) -> None:
    home = tree(tmp_path)
    (path,) = home.glob(f"{stem}.*")
    separator = "," if path.suffix == ".csv" else " "
    changed = path.read_text().replace(f"{separator}{old}", f"{separator}{value}", 1)
    assert changed != path.read_text()
    path.write_text(changed)

    with pytest.raises(SourceError, match="does not have CelebA's format") as caught:
        opened(home)
    assert path.name in str(caught.value)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_narrowed__changes_no_number(dtype) -> None:
    limits = np.iinfo(dtype)
    inside = np.array([limits.min, -1, 0, limits.max], float)

    np.testing.assert_array_equal(narrowed(inside, dtype), inside)
    outside = [limits.min - 1, limits.max + 1, 0.5, np.nan, np.inf, -np.inf, 1e300]
    assert not fits(np.array(outside), dtype).any()
    for value in outside:
        with pytest.raises(ValueError, match=r"whole number|missing"):
            narrowed(np.array([0.0, value]), dtype)
