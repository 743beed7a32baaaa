"""Groups as tables and as NumPy files: what other libraries read is what is stored."""

import csv
import json

import numpy as np
import pandas as pd
import pytest

from tests.storage.conftest import (
    begin,
    blocks_of,
    latent_template,
    photographs,
    pixels,
    publish_images,
    publish_latents,
    vectors,
)
from zpoints.storage import StoreError, export_npy, export_tables, open_store
from zpoints.storage.export.forms import export
from zpoints.storage.export.tables import left_out_of_tables
from zpoints.storage.rows import Rows

READERS = {"parquet": pd.read_parquet, "csv": pd.read_csv}


def publish_labelled(repository, labels) -> None:
    """Publish latents with these labels, eight values each."""
    work = begin(repository)
    named = {name: ("image", np.array(values)) for name, values in labels.items()}
    work.create("latents", latent_template(8).assign_coords(named))
    work.write_chunks("latents", blocks_of("z", vectors(8)))
    work.publish(message="encoded", rows=8)


@pytest.mark.parametrize("form", READERS)
def test_export_tables__pandas_reads_vectors_and_labels(repository, root, tmp_path, form):
    publish_latents(repository)
    seen = []

    folder = export_tables(
        open_store(root),
        "latents",
        tmp_path / "out",
        form=form,
        on_progress=lambda *done: seen.append(done),
    )

    table = READERS[form](folder / f"image.{form}").set_index("image")
    expected = photographs(8)
    assert list(table.index) == list(expected["image"].values)
    assert table["Smiling"].dtype == bool
    assert (table["Smiling"].to_numpy() == expected["Smiling"].values).all()
    assert (table["checksum"].to_numpy() == expected["checksum"].values).all()
    z = table[[f"z_{k}" for k in range(4)]].to_numpy(np.float32)
    assert (z == vectors(8)).all()
    assert sorted(path.name for path in folder.iterdir()) == ["_export.json", f"image.{form}"]
    assert seen == [(8, 8)]


def test_export_tables__labels_of_several_values_have_named_columns(repository, root, tmp_path):
    publish_images(repository)

    folder = export_tables(open_store(root), "images", tmp_path / "out")

    assert sorted(path.name for path in folder.iterdir()) == ["_export.json", "image.parquet"]
    table = pd.read_parquet(folder / "image.parquet")
    assert (table["landmarks_nose_x"] == 1).all()
    assert not [name for name in table if name.startswith("pixels")]
    assert left_out_of_tables(open_store(root).images) == ["pixels"]


FAR = ["1503-06-01", "2950-01-01T10:30", "NaT", "0001-01-01", "9999-12-31T23:59:59.999999"]


@pytest.mark.parametrize("form", ["parquet", "npy"])
def test_export__dates_beyond_nanoseconds_stay(repository, root, tmp_path, form):
    dates = np.array([*FAR, *["2026-11-30"] * 3], "M8[us]")
    publish_labelled(repository, {"seen": dates})

    folder = export(open_store(root), "latents", tmp_path / "out", form=form)

    table = pd.read_parquet(folder / "image.parquet")
    np.testing.assert_array_equal(table["seen"].to_numpy(), dates)


def test_export_tables__dates_beyond_nanoseconds_are_text_in_csv(repository, root, tmp_path):
    dates = np.array([*FAR, *["2026-11-30"] * 3], "M8[us]")
    publish_labelled(repository, {"seen": dates})

    folder = export_tables(open_store(root), "latents", tmp_path / "out", form="csv")

    shown = pd.read_csv(folder / "image.csv", keep_default_na=False)["seen"]
    parsed = [np.datetime64(text.replace(" ", "T") or "NaT", "us") for text in shown]
    np.testing.assert_array_equal(np.array(parsed, "M8[us]"), dates)


def test_export_tables__a_label_keeps_its_name_before_a_component(repository, root, tmp_path):
    publish_labelled(repository, {"z_1": np.arange(8) % 2 == 0})

    table = pd.read_parquet(
        export_tables(open_store(root), "latents", tmp_path / "out") / "image.parquet"
    )

    assert table["z_1"].dtype == bool
    assert (table["z_1_"] == vectors(8)[:, 1]).all()


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"]


def test_export_tables__text_is_no_formula_in_a_spreadsheet(repository, root, tmp_path):
    name = '=HYPERLINK("http://x")'
    template = latent_template(8).assign_coords(
        {"image": FORMULAS, name: ("image", np.ones(8, bool))}
    )
    work = begin(repository)
    work.create("latents", template)
    work.write_chunks("latents", blocks_of("z", -np.abs(vectors(8))))
    work.publish(message="encoded", rows=8)
    store = open_store(root)

    export_tables(store, "latents", tmp_path / "csv", form="csv")
    export_tables(store, "latents", tmp_path / "parquet")

    with (tmp_path / "csv" / "image.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    cells = [header, *([row[header.index("image")]] for row in rows)]
    assert [cell[0] for line in cells for cell in line if cell[0] in "=+-@\t\r\n＝"] == []
    assert [row[header.index("image")] for row in rows] == [f"'{name}" for name in FORMULAS]
    assert all(float(row[header.index("z_0")]) < 0 for row in rows)
    assert f"'{name}" in header
    assert list(pd.read_parquet(tmp_path / "parquet" / "image.parquet")["image"]) == FORMULAS


def test_export_npy__numpy_reads_arrays_without_pickle(repository, root, tmp_path):
    publish_images(repository)
    publish_latents(repository)
    store = open_store(root)

    export_npy(store, "images", tmp_path / "images")
    export_npy(store, "latents", tmp_path / "latents")

    z = np.load(tmp_path / "latents" / "z.npy", mmap_mode="r", allow_pickle=False)
    assert z.dtype == np.float32
    assert (z == vectors(8)).all()
    assert (np.load(tmp_path / "images" / "pixels.npy", mmap_mode="r") == pixels(8)).all()
    labels = pd.read_parquet(tmp_path / "latents" / "image.parquet")
    assert (labels["Male"].to_numpy() == photographs(8)["Male"].values).all()
    assert "z_0" not in labels
    assert sorted(path.name for path in (tmp_path / "latents").iterdir()) == [
        *("_export.json", "image.parquet", "reconstruction_error.npy", "z.npy")
    ]


@pytest.mark.parametrize("form", ["parquet", "csv", "npy"])
def test_export__replaces_an_earlier_export_and_nothing_else(repository, root, tmp_path, form):
    publish_latents(repository)
    store, out = open_store(root), tmp_path / "out"
    export(store, "latents", out, form=form)

    with pytest.raises(StoreError, match="out exists"):
        export(store, "latents", out, form=form)
    export(store, "latents", out, form=form, overwrite=True)
    mark = json.loads((out / "_export.json").read_text())
    assert (mark["group"], mark["version"]) == ("latents", store.version)
    (out / f"mine.{form}").write_text("mine")
    with pytest.raises(StoreError, match="1 more files than it wrote"):
        export(store, "latents", out, form=form, overwrite=True)

    assert (out / f"mine.{form}").read_text() == "mine"


@pytest.mark.parametrize("form", ["parquet", "csv", "npy"])
def test_export__reads_whole_chunks_and_each_once(repository, root, tmp_path, monkeypatch, form):
    monkeypatch.setattr("zpoints.storage.arrays.lazy.TASK_BYTES", (1, 1))
    publish_latents(repository)
    read, seen = Rows.read, []

    def recorded(rows: Rows, start: int, stop: int) -> np.ndarray:
        seen.append((rows.variable, start, stop))
        return read(rows, start, stop)

    monkeypatch.setattr(Rows, "read", recorded)
    export(open_store(root), "latents", tmp_path / "out", form=form)

    assert seen == [("z", 0, 3), ("z", 3, 6), ("z", 6, 8)]


def test_export__an_unknown_form_is_refused(repository, root, tmp_path):
    publish_latents(repository)

    with pytest.raises(StoreError, match="'xlsx'; choose one of zarr, parquet, csv, npy, png"):
        export(open_store(root), "latents", tmp_path / "out", form="xlsx")
    assert not (tmp_path / "out").exists()


def test_export_tables__pandas_reads_the_whole_folder(repository, root, tmp_path):
    publish_latents(repository)

    folder = export_tables(open_store(root), "latents", tmp_path / "out")

    assert (pd.read_parquet(folder)["Male"].to_numpy() == photographs(8)["Male"].values).all()


WRITERS = np.array(["Ada", "", "Bo", "", "Cy", "Di", "", "Ed"], object)


@pytest.mark.parametrize("form", ["parquet", "npy"])
def test_export__missing_text_is_null(repository, root, tmp_path, form):
    publish_labelled(repository, {"writer": WRITERS})

    folder = export(open_store(root), "latents", tmp_path / "out", form=form)

    writers = pd.read_parquet(folder / "image.parquet")["writer"]
    assert (pd.isna(writers).to_numpy() == (WRITERS == "")).all()
    assert list(writers.dropna()) == [name for name in WRITERS if name]


def test_export_tables__whole_days_have_no_time_of_day_in_csv(repository, root, tmp_path):
    days = np.array([*FAR[2:4], *["2026-11-30"] * 6], "M8[us]")
    publish_labelled(
        repository, {"day": days, "time": days + np.timedelta64(90, "s"), "writer": WRITERS}
    )

    folder = export_tables(open_store(root), "latents", tmp_path / "out", form="csv")

    with (folder / "image.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [row["day"] for row in table] == ["", "0001-01-01", *["2026-11-30"] * 6]
    assert table[2]["time"].startswith("2026-11-30 00:01:30")
    assert [row["writer"] for row in table] == list(WRITERS)
