"""Tables as spreadsheets, R, pandas and Hugging Face write them."""

import json
import unicodedata
from pathlib import Path

import pytest

from tests.pipeline.ingest.photographs import NAMES, kaggle_tree, opened, write_small
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.tables.text import separated

VALUES = [False, True] * 3
PAIRS = [(name, int(value)) for name, value in zip(NAMES, VALUES, strict=True)]


def lines(header: str, form: str) -> str:
    return "\n".join([header, *(form.format(n=n, v=v, k=k) for k, (n, v) in enumerate(PAIRS)), ""])


FORMS = {
    "R, row numbers": lines('"file","Smiling"', '"{k}","{n}",{v}'),
    "R, names of rows": lines('"Smiling","Male"', '"{n}",{v},1'),
    "R, one column": lines('"Smiling"', '"{n}",{v}'),
    "R, blanks": lines('"Smiling" "Male"', '"{n}" {v} 1'),
    "pandas, row numbers": lines(",file,Smiling", "{k},{n},{v}"),
    "pandas, names of rows": lines(",Smiling", "{n},{v}"),
    "a separator ends each row": lines("file,Smiling", "{n},{v},"),
    "Excel, blank rows": lines("file;Smiling", "{n};{v}") + ";\n;\n",
    "CelebA's form": "6\n" + lines("Smiling Male", "{n}  {v}  1"),
    "absolute paths": lines("file,Smiling", "/{n},{v}"),
}


@pytest.mark.parametrize("form", FORMS)
def test_read_cells__understands_what_programs_write(form: str, tmp_path: Path) -> None:
    write_small(tmp_path, NAMES)
    (tmp_path / "labels.csv").write_text(FORMS[form])

    source = opened(tmp_path)

    assert source.labels["Smiling"].tolist() == VALUES
    assert not any("row" in note for note in source.notes)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_read_text__utf_16_without_a_mark(encoding: str, tmp_path: Path) -> None:
    write_small(tmp_path, NAMES)
    table = FORMS["pandas, row numbers"].replace("Smiling", "Bärtig")
    (tmp_path / "labels.csv").write_text(table, encoding=encoding)

    assert opened(tmp_path).labels["Bärtig"].tolist() == VALUES


def test_find_labels__knows_the_configured_column_in_either_form_of_its_letters(
    tmp_path: Path,
) -> None:
    write_small(tmp_path, NAMES)
    composed, decomposed = (unicodedata.normalize(form, "prénom") for form in ("NFC", "NFD"))
    (tmp_path / "labels.csv").write_text(lines(f"{composed},Smiling", "{n},{v}"))

    assert opened(tmp_path, name_column=decomposed).labels["Smiling"].tolist() == VALUES


def test_separated__a_line_of_one_more_name_is_no_table() -> None:
    assert separated("a,b,c;d\n1,2;3\n").separator == ";"


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_read_annotation_files__with_row_numbers_of_pandas(
    name: str, separator: str, tmp_path: Path
) -> None:
    expected = opened(kaggle_tree(tmp_path / "a"))
    for path in kaggle_tree(tmp_path / "b").glob("*.csv"):
        header, *rows = path.read_text().splitlines()
        numbered = [f"{name},{header}", *(f"{number},{row}" for number, row in enumerate(rows))]
        path.write_text("\n".join(numbered).replace(",", separator))

    source = opened(tmp_path / "b")

    assert source.labels.equals(expected.labels)
    assert (source.landmarks == expected.landmarks).all()


def test_read_json_lines__of_hugging_face_image_folders(tmp_path: Path) -> None:
    write_small(tmp_path / "train", NAMES)
    rows = [{"file_name": n, "Smiling": bool(v), "objects": {"id": [1]}} for n, v in PAIRS]
    (tmp_path / "train" / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))

    assert opened(tmp_path).labels["Smiling"].tolist() == VALUES


@pytest.mark.parametrize("text", ["[1]", "{", "[" * 100_000, "\n"])
def test_read_json_lines__another_text_is_refused(text: str, tmp_path: Path) -> None:
    write_small(tmp_path, NAMES)
    (tmp_path / "metadata.jsonl").write_text(text)

    with pytest.raises(SourceError, match="Expected a file in UTF-8 with a JSON object"):
        opened(tmp_path)


def test_find_labels__names_a_file_that_may_hold_labels(tmp_path: Path) -> None:
    write_small(tmp_path, NAMES)
    (tmp_path / "labels.xlsx").write_bytes(b"PK\3\4")

    notes = opened(tmp_path).notes

    assert (
        f"{tmp_path}: 1 file not read that may hold labels; save as CSV, or name a parquet file "
        "(source.labels), e.g. labels.xlsx."
    ) in notes
