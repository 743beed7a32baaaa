"""AnnData's `.h5ad` files, written by the library `anndata`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tests.conftest import SilentConsole
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.import_vectors.formats.open_vectors import open_vectors
from zpoints.pipeline.import_vectors.labels import label_vectors
from zpoints.pipeline.import_vectors.vector_file import vectors_read

anndata = pytest.importorskip("anndata")
h5py = pytest.importorskip("h5py")
pytestmark = pytest.mark.filterwarnings("ignore:.*infer_string")

File = Any
CELLS, GENES = 120, 7
COUNTS = np.random.default_rng(0).poisson(0.6, (CELLS, GENES)).astype(np.float32)
NAMES = [f"AAAC{k:04}-1" for k in range(CELLS)]
LEADING = np.random.default_rng(1).normal(size=(CELLS, 3))


def observations() -> pd.DataFrame:
    """Columns of the kinds that AnnData stores, the first rows with missing values."""
    kinds = pd.Categorical(np.resize(["B", "NK", "T"], CELLS))
    table = pd.DataFrame({"cell_type": kinds, "batch": np.resize(["b1", "b2"], CELLS)}, index=NAMES)
    table["leiden"] = pd.Categorical(np.resize(list("0123"), CELLS))
    table["doublet"] = np.arange(CELLS) % 5 == 0
    table["percent"] = np.where(np.arange(CELLS) < 2, np.nan, np.arange(CELLS) / 8)
    table["age"] = pd.array([pd.NA, *range(20, 20 + CELLS - 1)], dtype="Int64")
    table.loc[NAMES[:4], "cell_type"] = np.nan
    return table


def write(path: Path, matrix: object = COUNTS, **columns: object) -> Path:
    # anndata 0.12.6, the newest for Python 3.11 and pandas 3, does not write pandas' own strings.
    with pd.option_context("future.infer_string", False):
        data = anndata.AnnData(
            matrix, obs=observations().assign(**columns), var=pd.DataFrame(index=list("abcdefg"))
        )
        data.obsm["X_pca"] = LEADING
        data.obsm["table"] = pd.DataFrame(LEADING, index=NAMES, columns=list("xyz"))
        data.obsm["few"] = sparse.csr_matrix(COUNTS[:, :2])
        data.layers["counts"] = sparse.csr_matrix(COUNTS)
        data.write_h5ad(path, compression="gzip")
    return path


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("h5ad") / "dense.h5ad")


@pytest.fixture(scope="module")
def by_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("h5ad") / "rows.h5ad", sparse.csr_matrix(COUNTS))


@pytest.mark.parametrize(
    ("key", "part", "expected"),
    [
        (None, "X", COUNTS),
        ("X_pca", "obsm/X_pca", LEADING),
        ("obsm/X_pca", "obsm/X_pca", LEADING),
        ("few", "obsm/few", COUNTS[:, :2]),
        ("counts", "layers/counts", COUNTS),
    ],
)
@pytest.mark.parametrize("form", ["dense", "by_rows"])
@pytest.mark.parametrize(("start", "stop"), [(0, CELLS), (17, 90), (CELLS - 1, CELLS)])
def test_open_vectors__rows_of_an_array_are_those_written(
    key: str | None,
    part: str,
    expected: np.ndarray,
    form: str,
    start: int,
    stop: int,
    request: pytest.FixtureRequest,
) -> None:
    file = open_vectors(str(request.getfixturevalue(form)), key)

    assert (file.part, file.rows, file.width) == (part, CELLS, expected.shape[1])
    found = vectors_read(file, start, stop)
    np.testing.assert_array_equal(found, expected[start:stop].astype(np.float32))


def test_label_vectors__columns_of_obs_are_labels(by_rows: Path) -> None:
    rows = label_vectors(open_vectors(str(by_rows), "X_pca"), None, None).labels.rows

    assert rows.index.tolist() == NAMES
    assert rows["cell_type"].tolist()[2:6] == ["", "", "NK", "T"]
    assert rows["batch"].tolist()[:2] == ["b1", "b2"]
    assert rows["leiden"].tolist()[:5] == [0, 1, 2, 3, 0]
    assert rows["doublet"].dtype == bool
    assert rows["doublet"].sum() == CELLS / 5
    np.testing.assert_array_equal(rows["percent"], observations()["percent"])
    assert np.isnan(rows["age"].iloc[0])
    assert rows["age"].iloc[1:3].tolist() == [20, 21]


def test_label_vectors__a_table_adds_labels_to_those_of_the_file(
    dense: Path, tmp_path: Path
) -> None:
    table = tmp_path / "donors.csv"
    table.write_text(f"cell,donor\n{NAMES[3]},d1\n{NAMES[0]},d0\n")

    rows = label_vectors(open_vectors(str(dense), None), str(table), None).labels.rows

    assert rows["donor"].tolist()[:4] == ["d0", "", "", "d1"]
    assert rows["batch"].tolist()[:2] == ["b1", "b2"]


def test_run__imports_cells_chunk_by_chunk(by_rows: Path, tmp_path: Path) -> None:
    settings = [f"ingest.vectors={by_rows}", "ingest.vectors_key=X_pca", "encode.chunk=50"]
    config = override(RunConfig(), settings)

    result = run(
        config, str(tmp_path / "store"), console=SilentConsole(), title="cells", until="import"
    )

    latents = result.store.latents
    np.testing.assert_array_equal(latents["z"].values, LEADING.astype(np.float32))
    chosen = latents.query(image="cell_type == 'T' and age > 100 and not doublet")
    known = observations().query("cell_type == 'T' and age > 100 and not doublet")
    assert chosen["image"].values.tolist() == known.index.tolist()


def _changed(path: Path, change: Callable[[File], None]) -> Path:
    with h5py.File(write(path), "r+") as file:
        change(file)
    return path


def _external_link(file: File) -> None:
    file["obsm"]["foreign"] = h5py.ExternalLink("other.h5", "X")


def _external_bytes(file: File) -> None:
    file.create_dataset("obsm/foreign", (CELLS, 2), "u1", external=[("/etc/passwd", 0, 2 * CELLS)])


def _without_observations(file: File) -> None:
    del file["obs"]


def _unknown_encoding(file: File) -> None:
    file["obs/batch"].attrs["encoding-type"] = "unheard-of"


def _cut_matrix(file: File) -> None:
    del file["X"]
    file["X"] = COUNTS[:50]


def _text(path: Path) -> Path:
    path.write_text("nothing")
    return path


COLUMNS = sparse.csc_matrix(COUNTS)
WRONG: dict[str, tuple[Callable[[Path], Path], str | None, str]] = {
    "a file of something else": (_text, None, "cannot be read .* write it again with adata.write"),
    "by columns": (lambda p: write(p, COLUMNS), None, r"X as csc_matrix.* adata.X = .*tocsr\(\)"),
    "a table": (write, "table", r"as dataframe.* after adata.obsm\['table'\] = .*to_numpy\(\)"),
    "an unknown array": (write, "X_umap", "no array 'X_umap'.* one of: X, .*obsm/X_pca"),
    "an external link": (lambda p: _changed(p, _external_link), None, "another place for obsm/f"),
    "external bytes": (lambda p: _changed(p, _external_bytes), "foreign", "another place for obsm"),
    "no observations": (lambda p: _changed(p, _without_observations), None, "cannot be read"),
    "an unknown encoding": (lambda p: _changed(p, _unknown_encoding), None, "read .obs: .*unheard"),
    "fewer rows": (lambda p: _changed(p, _cut_matrix), None, "120 observations and X of the shape"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_open_vectors__what_cannot_be_read_is_refused(fault: str, tmp_path: Path) -> None:
    make, key, message = WRONG[fault]
    path = make(tmp_path / "cells.h5ad")

    with pytest.raises(SourceError, match=message):
        open_vectors(str(path), key)


@pytest.mark.parametrize("place", [GENES, -1, 2**30])
def test_vectors_read__indices_outside_the_matrix_are_an_error(place: int, tmp_path: Path) -> None:
    def misplace(file: File) -> None:
        file["layers/counts/indices"][3] = place

    file = open_vectors(str(_changed(tmp_path / "cells.h5ad", misplace)), "counts")

    with pytest.raises(SourceError, match=r"cannot be read from row 0 to 119 .*ind"):
        vectors_read(file, 0, CELLS)


def test_label_vectors__names_that_repeat_are_refused(tmp_path: Path) -> None:
    def repeat(file: File) -> None:
        file["obs/_index"][1] = NAMES[0]

    file = open_vectors(str(_changed(tmp_path / "cells.h5ad", repeat)), None)

    with pytest.raises(SourceError, match=r"'AAAC0000-1' occurs .*obs_names_make_unique\(\)"):
        label_vectors(file, None, None)
