"""Tables give vectors their names and labels, by order or by name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.import_vectors.vector_files import Z
from zpoints.pipeline.errors import ConfigError, SourceError
from zpoints.pipeline.import_vectors.formats.open_vectors import open_vectors
from zpoints.pipeline.import_vectors.labels import label_vectors
from zpoints.pipeline.import_vectors.vector_file import VectorFile


@pytest.fixture
def file(tmp_path: Path) -> VectorFile:
    """Four vectors."""
    np.save(tmp_path / "z.npy", Z[:4])
    return open_vectors(str(tmp_path / "z.npy"), None)


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        (tmp_path / "labels.csv").write_text(text)
        return str(tmp_path / "labels.csv")

    return write


def test_label_vectors__without_a_table_vectors_have_their_row_numbers(file: VectorFile) -> None:
    assert label_vectors(file, None, None).labels.rows.index.tolist() == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("text", "column", "names", "line"),
    [
        ("odd\n0\n1\n0\n1\n", None, ["0", "1", "2", "3"], "they are numbered from 0"),
        ("file,odd\nd,0\nc,1\nb,0\na,1\n", None, ["d", "c", "b", "a"], "by the column file"),
        (
            "word,odd\nd,0\nc,1\nb,0\na,1\n",
            "word",
            ["d", "c", "b", "a"],
            "by the column word",
        ),
        ("id,odd\n7,0\n7,1\n7,0\n7,1\n", None, ["0", "1", "2", "3"], "they are numbered from 0"),
    ],
)
def test_label_vectors__as_many_rows_are_joined_by_order(
    text: str,
    column: str | None,
    names: list[str],
    line: str,
    file: VectorFile,
    table: Callable[[str], str],
) -> None:
    found = label_vectors(file, table(text), column)

    assert found.labels.rows.index.tolist() == names
    assert found.labels.rows["odd"].tolist() == [False, True, False, True]
    assert "its 4 rows are those of the vectors, in their order; " in found.notes[0]
    assert line in found.notes[0]


def test_label_vectors__row_numbers_join_fewer_rows(
    file: VectorFile, table: Callable[[str], str]
) -> None:
    found = label_vectors(file, table("row,odd\n3,1\n0,0\n"), None)

    assert found.labels.rows["odd"].tolist() == [False, False, False, True]
    assert found.labels.rows["has_attributes"].tolist() == [True, False, False, True]


def test_label_vectors__names_of_the_file_join_rows_in_any_order(
    file: VectorFile, table: Callable[[str], str]
) -> None:
    named = replace(file, names=("a", "b", "c", "d"))

    found = label_vectors(named, table("cell,odd\nd,1\nc,0\nb,1\na,0\nx,1\n"), None)

    assert found.labels.rows["odd"].tolist() == [False, True, False, True]
    assert found.notes[0] == "labels.csv: its column cell names the vectors."


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("odd\n0\n1\n", None, "has 2 rows and no column that names the 4 vectors"),
        ("odd\n0\n1\n0\n1\n", "name", "has no column name. Expected source.name_column .*: odd"),
        ("w,odd\na,0\na,1\nb,0\nc,1\n", "w", "not unique .'a' occurs more than once"),
        ("w,odd\na,0\n,1\nb,0\nc,1\n", "w", "not unique .one is empty"),
    ],
)
def test_label_vectors__tables_that_do_not_fit_are_refused(
    text: str, column: str | None, message: str, file: VectorFile, table: Callable[[str], str]
) -> None:
    with pytest.raises((SourceError, ConfigError), match=message):
        label_vectors(file, table(text), column)


def test_label_vectors__a_missing_table_is_an_error(file: VectorFile) -> None:
    with pytest.raises(ConfigError, match=r"source.labels = .* does not exist"):
        label_vectors(file, "nowhere.csv", None)
