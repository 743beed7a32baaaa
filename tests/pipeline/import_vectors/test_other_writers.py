"""Vectors as the libraries of others write them, where these are installed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipeline.import_vectors.vector_files import ROWS, WIDTH, Z
from zpoints.pipeline.import_vectors.formats.open_vectors import open_vectors
from zpoints.pipeline.import_vectors.vector_file import vectors_read

ORDER = np.random.default_rng(2).permutation(ROWS)
INTEGERS = np.arange(ROWS * WIDTH).reshape(ROWS, WIDTH)


def _dataset(datasets: Any, **changes: object) -> Any:
    lists = datasets.Sequence(datasets.Value("float32"), **changes)
    features = {"v": lists, "digit": datasets.ClassLabel(names=["even", "odd"])}
    table = {"v": Z.tolist(), "digit": (np.arange(ROWS) % 2).tolist()}
    return datasets.Dataset.from_dict(table, features=datasets.Features(features))


def _shards(datasets: Any, path: Path) -> None:
    _dataset(datasets, length=WIDTH).save_to_disk(path, num_shards=3)


def _lists(datasets: Any, path: Path) -> None:
    _dataset(datasets).save_to_disk(path)


def _selected(datasets: Any, path: Path) -> None:
    _dataset(datasets, length=WIDTH).select(ORDER).save_to_disk(path)


def _polars_array(polars: Any, path: Path) -> None:
    column = polars.Series(Z.tolist(), dtype=polars.Array(polars.Float32, WIDTH))
    polars.DataFrame({"v": column, "digit": np.arange(ROWS) % 2}).write_parquet(path)


def _polars_list(polars: Any, path: Path) -> None:
    column = polars.Series(Z.tolist(), dtype=polars.List(polars.Float32))
    polars.DataFrame({"v": column}).write_parquet(path, row_group_size=70)


def _pandas_list(pandas: Any, path: Path) -> None:
    pandas.DataFrame({"v": list(Z), "digit": np.arange(ROWS) % 2}).to_parquet(path)


def _pandas_columns(pandas: Any, path: Path) -> None:
    pandas.DataFrame(INTEGERS, index=ORDER, columns=list("abc")).to_parquet(path)


WRITERS: dict[str, tuple[str, Callable[[Any, Path], None], str, np.ndarray]] = {
    "dataset of lists of one size, in shards": ("datasets", _shards, "z", Z),
    "dataset of lists": ("datasets", _lists, "z", Z),
    "dataset of selected rows": ("datasets", _selected, "z", Z[ORDER]),
    "parquet of polars with arrays": ("polars", _polars_array, "z.parquet", Z),
    "parquet of polars with lists": ("polars", _polars_list, "z.parquet", Z),
    "parquet of pandas with lists": ("pandas", _pandas_list, "z.parquet", Z),
    "parquet of pandas with an index": ("pandas", _pandas_columns, "z.parquet", INTEGERS),
}
"""By what is written, the library, what writes it, the name of the file, and the vectors."""


@pytest.mark.parametrize("written", WRITERS)
def test_open_vectors__reads_what_another_library_wrote(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, write, name, expected = WRITERS[written]
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # datasets asks a server otherwise
    write(pytest.importorskip(library), tmp_path / name)

    file = open_vectors(str(tmp_path / name), None)

    assert (file.rows, file.width) == (ROWS, WIDTH)
    np.testing.assert_array_equal(vectors_read(file, 69, 301), expected[69:301])
