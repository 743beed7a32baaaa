"""Parquet shards in the shape that the Hugging Face ``datasets`` library writes."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.pipeline.ingest.photographs import POINTS, annotations, contents, opened, small
from zpoints.pipeline.errors import PhotographError, SourceError

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def images(numbers: range, *, paths: bool = True) -> pa.Array:
    rows = [{"bytes": small(n), "path": f"{n:06d}.jpg" if paths else None} for n in numbers]
    return pa.array(rows, IMAGE)


def write(
    path: Path,
    columns: dict[str, Any],
    *,
    row_group: int = 2,
    features: dict[str, Any] | None = None,
) -> None:
    """Row groups and the description of the columns as ``Dataset.to_parquet`` writes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns)
    features = {"image": {"_type": "Image"}, **(features or {})}
    description = json.dumps({"info": {"features": features}})
    pq.write_table(
        table.replace_schema_metadata({"huggingface": description}), path, row_group_size=row_group
    )


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Nine photographs in three splits, identities and attributes as flwrlabs/celeba has them."""
    numbers = {"train-00000-of-00002": range(4), "train-00001-of-00002": range(4, 6)}
    numbers |= {"valid-00000-of-00001": range(6, 7), "test-00000-of-00001": range(7, 9)}
    for stem, rows in numbers.items():
        columns = {
            "image": images(rows),
            "celeb_id": pa.array([100 + n for n in rows], pa.int64()),
            "Smiling": pa.array([n % 2 == 1 for n in rows]),
        }
        write(tmp_path / "data" / f"{stem}.parquet", columns)
    return tmp_path


def test_read_parquet__reads_shards_with_splits_identities_and_attributes(shards: Path) -> None:
    source = opened(shards)

    order = [7, 8, 0, 1, 2, 3, 4, 5, 6]  # test, train, valid
    assert source.format == "Hugging Face parquet"
    assert source.why == f"found 4 parquet files in {shards} with photographs in image.bytes"
    assert source.names == tuple(f"{n:06d}.jpg" for n in order)
    assert contents(source) == [small(n) for n in order]
    splits = ["test"] * 2 + ["train"] * 6 + ["validation"]
    assert source.labels["split"].tolist() == splits
    assert source.labels["identity"].tolist() == [100 + n for n in order]
    assert source.labels["identity"].dtype == np.int32
    assert source.labels["Smiling"].tolist() == [n % 2 == 1 for n in order]
    assert source.labels.index.tolist() == list(source.names)
    assert source.notes == ("Hugging Face parquet: labels of true and false: Smiling.",)
    assert len(set(source.signatures)) == 9


@pytest.mark.parametrize("inside", ["data", "data/train-00000-of-00002.parquet"])
def test_read_parquet__accepts_the_inner_folder_and_a_single_shard(
    shards: Path, inside: str
) -> None:
    source = opened(shards / inside)

    assert source.format == "Hugging Face parquet"
    assert contents(source)[-1] == small(6 if inside == "data" else 3)
    assert "train" in set(source.labels["split"])


@pytest.mark.parametrize("name", ["validation/0000", "valid/0000", "data/val-00000-of-00001"])
def test_read_parquet__finds_the_split_in_names_of_shards_and_folders(
    tmp_path: Path, name: str
) -> None:
    write(tmp_path / "celeba" / f"{name}.parquet", {"image": images(range(2))})

    assert opened(tmp_path).labels["split"].tolist() == ["validation"] * 2


@pytest.mark.parametrize(
    "values",
    [
        pa.array([True, False, True]),
        pa.array([1, 0, 1], pa.int8()),
        pa.array([1, -1, 1], pa.int64()),
        pa.array([1.0, -1.0, 1.0]),
        pa.array(["yes", "no", "yes"]).dictionary_encode(),
    ],
    ids=lambda values: str(values.type),
)
def test_read_parquet__reads_attributes_of_every_kind(tmp_path: Path, values: pa.Array) -> None:
    write(tmp_path / "a.parquet", {"image": images(range(3)), "Male": values})

    labels = opened(tmp_path).labels

    assert labels["Male"].tolist() == [True, False, True]
    assert labels["Male"].dtype == np.bool_


def test_read_parquet__labels_that_are_missing_are_marked(tmp_path: Path) -> None:
    first = {"image": images(range(2)), "Male": pa.array([True, None])}
    write(tmp_path / "train-0.parquet", {**first, "identity": pa.array([5, None], pa.int64())})
    write(tmp_path / "train-1.parquet", {"image": images(range(2, 4))})

    labels = opened(tmp_path).labels

    assert labels["Male"].tolist() == [True, False, False, False]
    assert labels["has_attributes"].tolist() == [True, False, False, False]
    assert labels["identity"].tolist() == [5, -1, -1, -1]


def test_read_parquet__reads_landmarks_and_names_other_columns(tmp_path: Path) -> None:
    points = {name: pa.array([i, i + 10]) for i, name in enumerate(POINTS.split())}
    other = {"boxes": pa.array([[1, 2], [3, 4]]), "caption": pa.array(["a face", "another"])}
    write(tmp_path / "a.parquet", {"image": images(range(2)), **points, **other})

    source = opened(tmp_path)

    assert source.landmarks is not None
    assert source.landmarks[1, 4].tolist() == [18, 19]
    assert source.labels["caption"].tolist() == ["a face", "another"]
    assert source.notes == (
        "Columns of other types were left out: boxes.",
        "Hugging Face parquet: labels of text: caption.",
    )


def test_read_parquet__reads_labels_of_any_kind(tmp_path: Path) -> None:
    columns = {
        "label": pa.array([0, 2, -1, 2], pa.int64()),
        "age": pa.array([41.5, None, 17.0, 3.0]),
        "digit": pa.array([3, 7, 7, 3], pa.int8()),
        "born": pa.array([date(1503, 6, 1), date(1990, 5, 1), None, date(2026, 11, 30)]),
        "taken": pa.array([10**6, 2 * 10**6, 3 * 10**6, None], pa.timestamp("us", "UTC")),
        "mood": pa.array(["glad", "New  York", None, "glad"]).dictionary_encode(),
    }
    names = {"label": {"_type": "ClassLabel", "names": ["cat", "dog", "emu"]}}
    write(tmp_path / "a.parquet", {"image": images(range(4)), **columns}, features=names)

    labels = opened(tmp_path).labels

    assert labels["label"].tolist() == ["cat", "emu", "", "emu"]
    np.testing.assert_array_equal(labels["age"], [41.5, np.nan, 17, 3])
    assert (labels["digit"].tolist(), labels["digit"].dtype) == ([3, 7, 7, 3], np.int64)
    days = np.array(["1503-06-01", "1990-05-01", "NaT", "2026-11-30"], "M8[us]")
    np.testing.assert_array_equal(labels["born"].to_numpy(), days)
    seconds = np.array([1, 2, 3, "NaT"], "M8[s]").astype("M8[us]")
    np.testing.assert_array_equal(labels["taken"].to_numpy(), seconds)
    assert labels["mood"].tolist() == ["glad", "New York", "", "glad"]


def test_read_parquet__without_distinct_paths_photographs_are_named_by_shard(
    tmp_path: Path,
) -> None:
    write(tmp_path / "data" / "train-0.parquet", {"image": images(range(2), paths=False)})
    nameless = opened(tmp_path)
    write(tmp_path / "data" / "train-0.parquet", {"image": images(range(2))})
    write(tmp_path / "data" / "train-1.parquet", {"image": images(range(1, 3))})
    repeated = opened(tmp_path)

    assert nameless.names == ("data/train-0/0", "data/train-0/1")
    assert "some rows have none" in nameless.notes[0]
    assert repeated.names == (*nameless.names, "data/train-1/0", "data/train-1/1")
    assert "several rows have the path 000001.jpg" in repeated.notes[0]


def test_read_parquet__reads_a_plain_column_of_bytes(tmp_path: Path) -> None:
    photographs = pa.array([small(0), small(1)], pa.large_binary())
    write(tmp_path / "a.parquet", {"jpg": photographs, "Male": pa.array([0, 1])})

    source = opened(tmp_path)

    assert contents(source) == [small(0), small(1)]
    assert source.names == ("a/0", "a/1")


def test_read_parquet__leaves_tables_without_photographs_to_other_readers(tmp_path: Path) -> None:
    write(tmp_path / "labels.parquet", {"file": ["a.jpg"], "Male": [True]})
    (tmp_path / "a.jpg").write_bytes(small(0))

    assert opened(tmp_path).format == "folder"

    write(tmp_path / "train.parquet", {"image": images(range(1))})
    assert opened(tmp_path).notes[0] == "1 file without photographs, e.g. labels.parquet."


def test_read_parquet__refuses_a_truncated_shard(shards: Path) -> None:
    path = shards / "data" / "train-00001-of-00002.parquet"
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(SourceError, match=r"complete parquet file; fetch it again") as caught:
        opened(shards)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("row_group", [1, 7, 40])
def test_parquet_files__any_row_can_be_read_in_any_order_from_any_thread(
    tmp_path: Path, row_group: int
) -> None:
    expected = [b"%d" % n * (n + 1) for n in range(40)]
    write(tmp_path / "a.parquet", {"image": pa.array(expected)}, row_group=row_group)
    write(tmp_path / "b.parquet", {"image": pa.array(expected[::-1])}, row_group=row_group)
    source = opened(tmp_path)
    files = pickle.loads(pickle.dumps(source.files))
    order = np.random.default_rng(0).permutation(80)

    with ThreadPoolExecutor(3) as pool:
        read = list(pool.map(files.read, [source.keys[i] for i in order]))

    both = expected + expected[::-1]
    assert read == [both[i] for i in order]
    assert contents(source) == both


def test_parquet_files__a_large_row_group_is_read_a_few_photographs_at_a_time(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(0)
    photographs = pa.array([rng.bytes(20_000) for _ in range(2000)])
    pq.write_table(
        pa.table({"image": photographs}),
        tmp_path / "a.parquet",
        row_group_size=2000,
        use_dictionary=False,
        write_batch_size=50,
    )
    expected = [photographs[0].as_py(), photographs[1999].as_py()]
    del photographs
    before = pa.total_allocated_bytes()
    source = opened(tmp_path)

    assert source.files.read(source.keys[0]) == expected[0]
    held = [pa.total_allocated_bytes() - before]
    for key in source.keys[1:-1:100]:
        source.files.read(key)
        held.append(pa.total_allocated_bytes() - before)
    assert source.files.read(source.keys[-1]) == expected[1]

    assert max(held) < 8e6  # of 40 MB


def test_parquet_files__a_row_without_bytes_affects_no_other(tmp_path: Path) -> None:
    rows = [{"bytes": None, "path": "a.jpg"}, None, {"bytes": small(0), "path": "c.jpg"}]
    write(tmp_path / "a.parquet", {"image": pa.array(rows, IMAGE)})
    source = opened(tmp_path)

    for key in source.keys[:2]:
        with pytest.raises(PhotographError, match="holds no bytes; write the shard with"):
            source.files.read(key)
    assert source.files.read(source.keys[2]) == small(0)


def test_parquet_files__a_missing_or_damaged_shard_stops_the_run(
    shards: Path,
) -> None:
    source = opened(shards)
    path = shards / "data" / "test-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes()[:50])

    with pytest.raises(SourceError, match=r"test-00000.* cannot be read at row 0 .*fetch it again"):
        source.files.read(source.keys[0])
    path.unlink()
    with pytest.raises(SourceError, match=r"test-00000.* cannot be read at row 0"):
        source.files.read(source.keys[0])
    assert source.files.read(source.keys[-1]) == small(6)


def test_signatures_and_annotations__change_with_shards_and_labels(shards: Path) -> None:
    before = opened(shards)
    assert opened(shards).signatures == before.signatures
    assert annotations(opened(shards)) == annotations(before)

    write(
        shards / "data" / "valid-00000-of-00001.parquet",
        {"image": images(range(6, 7)), "celeb_id": pa.array([3]), "Smiling": pa.array([True])},
    )

    after = opened(shards)
    assert after.signatures[:-1] == before.signatures[:-1]
    assert after.signatures[-1] != before.signatures[-1]
    assert annotations(after) != annotations(before)
