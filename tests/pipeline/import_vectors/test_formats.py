"""Vectors are read from every format as NumPy has them; what cannot be read is refused."""

import json
import pickle
import sys
import zipfile
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.pipeline.import_vectors.vector_files import (
    FORMATS,
    ROWS,
    WIDTH,
    Z,
    fixed_lists,
    write_dataset,
    write_parquet,
    write_zarr,
)
from zpoints.pipeline.errors import ConfigError, SourceError
from zpoints.pipeline.import_vectors.formats.open_vectors import open_vectors
from zpoints.pipeline.import_vectors.vector_file import checksums, vectors_read


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("start", "stop"), [(0, ROWS), (69, 301), (ROWS - 1, ROWS)])
def test_open_vectors__rows_are_those_written(
    form: str, start: int, stop: int, tmp_path: Path
) -> None:
    write, key = FORMATS[form]

    file = open_vectors(str(write(tmp_path)), key)

    assert (file.rows, file.width) == (ROWS, WIDTH)
    found = vectors_read(pickle.loads(pickle.dumps(file)), start, stop)  # as a task has it
    np.testing.assert_array_equal(found, Z[start:stop])


def test_open_vectors__the_only_array_of_two_dimensions_is_taken(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", y=np.arange(ROWS), emb=Z, cube=Z[:, None])

    file = open_vectors(str(tmp_path / "v.npz"), None)

    assert (file.part, file.rows, file.width) == ("emb", ROWS, WIDTH)


def test_open_vectors__null_lists_and_numbers_become_nan(tmp_path: Path) -> None:
    rows = [[1.0, 2.0], None, [3.0, None]]
    table = pa.table({"v": pa.array(rows, pa.list_(pa.float32(), 2))})

    file = open_vectors(str(write_parquet(tmp_path / "z.parquet", table)), None)

    expected = [[1, 2], [np.nan, np.nan], [3, np.nan]]
    np.testing.assert_array_equal(vectors_read(file, 0, 3), expected)


class _Opens:
    """Unpickling it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (str(self.path), "w")


def _npy(folder: Path, array: np.ndarray) -> Path:
    np.save(folder / "z.npy", array)
    return folder / "z.npy"


def _npz(folder: Path, **arrays: np.ndarray) -> Path:
    np.savez(folder / "z.npz", **arrays)
    return folder / "z.npz"


def _cut(path: Path, size: int) -> Path:
    path.write_bytes(path.read_bytes()[:size])
    return path


def _text(path: Path, text: str = "nothing") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def _foreign_state(folder: Path) -> Path:
    path = write_dataset(folder / "z", pa.table({"v": fixed_lists()}))
    (path / "state.json").write_text(json.dumps({"_data_files": [{"filename": "../x.arrow"}]}))
    return path


def _splits(folder: Path) -> Path:
    write_dataset(folder / "z" / "test", pa.table({"v": fixed_lists()}))
    return _text(folder / "z" / "dataset_dict.json").parent


WRONG: dict[str, tuple[Callable[[Path], Path], str | None, str]] = {
    "no such file": (lambda f: f / "x.npy", None, "does not exist. Expected a .npy file"),
    "another file": (lambda f: _text(f / "z.txt"), None, "no known format of vectors"),
    "an empty folder": (lambda f: f, None, "no known format of vectors"),
    "one dimension": (lambda f: _npy(f, Z[:, 0]), None, r"shape \(500,\). Expected vectors"),
    "three dimensions": (lambda f: _npy(f, Z[:, None]), None, r"shape \(500, 1, 3\)"),
    "no rows": (lambda f: _npy(f, Z[:0]), None, r"shape \(0, 3\)"),
    "one component": (lambda f: _npy(f, Z[:, :1]), None, r"shape \(500, 1\)"),
    "complex numbers": (lambda f: _npy(f, Z.astype(complex)), None, "complex128. Expected real"),
    "text": (lambda f: _npy(f, Z.astype(str)), None, "<U32. Expected real"),
    "a key of one array": (lambda f: _npy(f, Z), "z", "expected no ingest.vectors_key, got 'z'"),
    "a cut npy": (lambda f: _cut(_npy(f, Z), 900), None, "cannot be read .* write it again"),
    "an empty npy": (lambda f: _text(f / "z.npy", ""), None, "cannot be read"),
    "a cut npz": (lambda f: _cut(_npz(f, z=Z), 900), None, "cannot be read"),
    "two arrays": (
        lambda f: _npz(f, a=Z, b=Z, c=Z[0]),
        None,
        "2 arrays of two .*: a, b. Name that",
    ),
    "two flat arrays": (lambda f: _npz(f, a=Z[0], b=Z[0]), None, "holds 2 arrays: a, b. Name that"),
    "an unknown array": (lambda f: _npz(f, a=Z, b=Z), "c", "no array 'c'.* one of: a, b"),
    "npz of Fortran": (lambda f: _npz(f, z=np.asfortranarray(Z)), None, "order of Fortran"),
    "an unknown variable": (lambda f: write_zarr(f / "z", 3), "q", "no array 'q'.*: .*inner/z"),
    "a flat variable": (lambda f: write_zarr(f / "z", 3), "row", r"row, has the shape \(500,\)"),
    "a damaged Zarr": (lambda f: _text(f / "z" / "zarr.json").parent, None, "as a Zarr store"),
    "a damaged parquet": (lambda f: _text(f / "z.parquet"), None, "as a parquet file"),
    "no column of vectors": (
        lambda f: write_parquet(f / "z.parquet", pa.table({"a": ["b"]})),
        None,
        "no column of vectors. .* its columns are a",
    ),
    "no such columns": (
        lambda f: write_parquet(f / "z.parquet", pa.table({"a": [1.0], "b": [1.0]})),
        "x*",
        r"no column of vectors for ingest.vectors_key = 'x\*'",
    ),
    "two columns of lists": (
        lambda f: write_parquet(f / "z.parquet", pa.table({"a": [[1.0, 2.0]], "b": [[1.0, 2.0]]})),
        None,
        "holds 2 columns: a, b",
    ),
    "files outside the dataset": (_foreign_state, None, "names files outside the folder"),
    "a dataset of splits": (_splits, None, "Expected one of them; name its folder, e.g. .*z/test"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_open_vectors__what_cannot_be_read_is_refused(fault: str, tmp_path: Path) -> None:
    write, key, message = WRONG[fault]
    path = write(tmp_path)

    with pytest.raises((SourceError, ConfigError), match=message):
        open_vectors(str(path), key)


def test_open_vectors__h5ad_without_anndata_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "anndata", None)  # as if it were not installed

    with pytest.raises(SourceError, match=r"Install it with pip install '\.\[anndata\]' in"):
        open_vectors(str(_text(tmp_path / "z.h5ad")), None)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_open_vectors__objects_are_refused_and_not_unpickled(suffix: str, tmp_path: Path) -> None:
    made, path = tmp_path / "made", tmp_path / f"z.{suffix}"
    objects = np.array([[_Opens(made)], [_Opens(made)]], dtype=object)
    if suffix == "npy":
        np.save(path, objects)
    else:
        np.savez(path, z=objects)

    with pytest.raises(SourceError, match="unpickling runs code"):
        open_vectors(str(path), None)

    assert not made.exists()


def test_vectors_read__lists_of_several_lengths_are_an_error(tmp_path: Path) -> None:
    table = pa.table({"v": [[1.0, 2.0], [1.0, 2.0, 3.0]]})
    file = open_vectors(str(write_parquet(tmp_path / "z.parquet", table)), None)

    with pytest.raises(SourceError, match="a list of v has 3 numbers, others 2"):
        vectors_read(file, 0, 2)


def test_vectors_read__a_file_that_was_cut_since_is_an_error(tmp_path: Path) -> None:
    file = open_vectors(str(_npz(tmp_path, z=Z)), None)
    with zipfile.ZipFile(tmp_path / "z.npz", "w") as archive, archive.open("z.npy", "w") as member:
        np.save(member, Z[:100])

    with pytest.raises(SourceError, match="cannot be read from row 50 to 149"):
        vectors_read(file, 50, 150)


def test_checksums__are_the_first_bytes_of_blake2b() -> None:
    expected = [int.from_bytes(blake2b(row.tobytes(), digest_size=8).digest()) for row in Z[:5]]

    assert checksums(Z[:5]).tolist() == expected
