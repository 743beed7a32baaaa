"""Writes the same vectors in every format."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zarr

ROWS, WIDTH = 500, 3
Z = np.random.default_rng(0).normal(size=(ROWS, WIDTH)).astype(np.float32)


def fixed_lists(z: np.ndarray = Z) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(z.ravel()), z.shape[1])


def write_zarr(path: Path, version: int) -> Path:
    group = zarr.open_group(path, mode="w", zarr_format=version)
    group.create_array("inner/z", shape=Z.shape, chunks=(70, WIDTH), dtype="f4")[:] = Z
    group.create_array("row", shape=(ROWS,), dtype="i8")[:] = np.arange(ROWS)
    return path


def write_parquet(path: Path, table: pa.Table) -> Path:
    pq.write_table(table, path, row_group_size=70)
    return path


def write_dataset(path: Path, table: pa.Table) -> Path:
    """As `datasets.Dataset.save_to_disk` lays it out: two Arrow streams and a state."""
    path.mkdir(parents=True)
    names = [f"data-{k:05}-of-00002.arrow" for k in range(2)]
    half = table.num_rows // 2
    for name, part in zip(names, (table.slice(0, half), table.slice(half)), strict=True):
        with pa.OSFile(str(path / name), "wb") as file, pa.ipc.new_stream(file, table.schema) as s:
            s.write_table(part, max_chunksize=60)
    state = {"_data_files": [{"filename": name} for name in names], "_split": None}
    (path / "state.json").write_text(json.dumps(state))
    return path


def _saved(save: Callable[..., None], path: Path, *arrays: np.ndarray, **named: np.ndarray) -> Path:
    save(path, *arrays, **named)
    return path


def _columns() -> pa.Table:
    return pa.table({"row": np.arange(ROWS), **{f"x{k}": Z[:, k] for k in range(WIDTH)}})


def _lists() -> pa.Table:
    return pa.table({"row": np.arange(ROWS), "v": pa.array(Z.tolist(), pa.list_(pa.float32()))})


FORMATS: Mapping[str, tuple[Callable[[Path], Path], str | None]] = {
    "npy": (lambda f: _saved(np.save, f / "z.npy", Z), None),
    "npy of Fortran": (lambda f: _saved(np.save, f / "z.npy", np.asfortranarray(Z)), None),
    "npy of float64": (lambda f: _saved(np.save, f / "z.npy", Z.astype(float)), None),
    "npz": (lambda f: _saved(np.savez, f / "z.npz", z=Z), None),
    "npz, compressed": (lambda f: _saved(np.savez_compressed, f / "z.npz", z=Z, y=Z[:, 0]), "z"),
    "zarr 2": (lambda f: write_zarr(f / "z.zarr", 2), None),
    "zarr 3": (lambda f: write_zarr(f / "z.zarr", 3), "inner/z"),
    "zarr array": (lambda f: write_zarr(f / "z.zarr", 3) / "inner/z", None),
    "parquet of lists of one size": (
        lambda f: write_parquet(f / "z.parquet", pa.table({"v": fixed_lists()})),
        None,
    ),
    "parquet of lists": (lambda f: write_parquet(f / "z.parquet", _lists()), "v"),
    "parquet of columns": (lambda f: write_parquet(f / "z.parquet", _columns()), None),
    "parquet of named columns": (lambda f: write_parquet(f / "z.parquet", _columns()), "x?"),
    "dataset on disk": (lambda f: write_dataset(f / "z", pa.table({"v": fixed_lists()})), None),
}
"""For each format what writes it, and the key."""
