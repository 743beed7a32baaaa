"""Names of labels in every format: stored as they are given, or left out with the reason."""

import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xarray as xr

from tests.cluster.cli.commands import zpoints
from tests.conftest import SMALL
from tests.pipeline.ingest.photographs import NAMES, celeba_tree, kaggle_tree, opened, write_small
from tests.pipeline.ingest.test_parquet import images, write
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.labels import Labels
from zpoints.pipeline.labels.label_names import label_named, name_problem
from zpoints.storage import open_store

GIVEN = [
    "hat/cap",
    "../x",
    ".",
    "zarr.json",
    "c/0",
    "5_o'Clock",
    "50%",
    "Bärtig",
    "日本",
    "😀",
    "-1",
]
"""Names without blanks, which the official format cannot have."""
SPACED = ["Wearing Hat", "Hat, cap", 'so "called"', "a=b", "$x_1$"]
REFUSED = ["has_attributes", "landmarks", "image", "z", "x" * 201, "a\x1b[31m", "\u202eabc"]


def text(home: Path, names: list[str]) -> Source:
    celeba_tree(home)
    rows = "".join(f"{name} {' '.join(['1'] * len(names))}\n" for name in NAMES)
    (home / "list_attr_celeba.txt").write_text(f"6\n{' '.join(names)}\n{rows}")
    return opened(home)


def kaggle(home: Path, names: list[str]) -> Source:
    kaggle_tree(home)
    (home / "list_attr_celeba.csv").write_text(table(names))
    return opened(home)


def folder(home: Path, names: list[str]) -> Source:
    write_small(home, NAMES)
    (home / "labels.csv").write_text(table(names))
    return opened(home)


def parquet(home: Path, names: list[str]) -> Source:
    flags = {name: pa.array([True] * 6) for name in names if name != "image"}
    write(home / "a.parquet", {"image": images(range(6)), **flags})
    return opened(home)


def table(names: list[str]) -> str:
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    rows = (f"{photograph},{','.join(['1'] * len(names))}" for photograph in NAMES)
    return "\n".join([",".join(["image_id", *quoted]), *rows])


FORMATS = {"text": text, "kaggle": kaggle, "folder": folder, "parquet": parquet}


@pytest.mark.parametrize("format", FORMATS)
def test_names__are_the_same_in_every_format(format: str, tmp_path: Path) -> None:
    names = GIVEN if format == "text" else GIVEN + SPACED

    source = FORMATS[format](tmp_path, [*names, *REFUSED])

    given = [name for name in source.labels if name not in ("split", "identity")]
    assert sorted(given) == sorted(names)
    assert source.labels[names].to_numpy().all()
    note = next(note for note in source.notes if "left out for their names" in note)
    for name in REFUSED:
        assert repr(name) in note or (format, name) == ("parquet", "image")
    assert "\x1b" not in note


@pytest.mark.parametrize("format", ["kaggle", "folder", "parquet"])
def test_names__in_either_form_of_accented_letters_and_over_two_lines(
    format: str, tmp_path: Path
) -> None:
    decomposed = unicodedata.normalize("NFD", "Bärtig")

    labels = FORMATS[format](tmp_path, [decomposed, "Wearing\nHat"]).labels

    assert {"Bärtig", "Wearing Hat"} <= set(labels)


def test_name_problem__names_the_reason() -> None:
    assert [name_problem(name) for name in GIVEN + SPACED] == [None] * len(GIVEN + SPACED)
    assert name_problem("") == "is empty"
    assert name_problem("split") == "has another meaning in the store"
    assert name_problem("a\x07") == "holds control characters"
    assert name_problem("日" * 100) == "is too long"
    assert label_named("\ufeffHat ") == "Hat"


@pytest.mark.slow
def test_run__labels_of_any_name_are_stored_counted_and_grow(tmp_path: Path) -> None:
    names = GIVEN + SPACED
    flags = np.random.default_rng(0).random((42, len(names))) < 0.5
    settings = ["ingest.source=faces", "ingest.crop=null", *SMALL]
    options = [part for setting in settings for part in ("--set", setting)]
    for count in (40, 42):
        write_small(tmp_path / "faces", [f"{number}.jpg" for number in range(count)])
        rows = [f"{n}.jpg,{','.join(map(str, flags[n].astype(int)))}" for n in range(count)]
        lines = [table(names).split("\n")[0], *rows]
        (tmp_path / "faces" / "labels.csv").write_text("\n".join(lines))

        done = zpoints(
            "run", "demo", "--root", "store", "--until", "structure", *options, folder=tmp_path
        )

        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        store = open_store(tmp_path / "store")
        order = [int(name.removesuffix(".jpg")) for name in store.latents["image"].values]
        assert len(order) == count
        for k, name in enumerate(names):
            np.testing.assert_array_equal(store.latents[name], flags[order, k])
        counts = store.statistics["attribute_count"].to_series().to_dict()
        assert counts == dict(zip(names, flags[:count].sum(axis=0), strict=True))
        assert set(Labels(store.latents).names) == set(names)
    done = zpoints("verify", "store", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = zpoints("export", "store", "latents", "out", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    exported = xr.open_zarr(tmp_path / "out").coords
    assert {label.attrs.get("label", name) for name, label in exported.items()} >= set(names)
    assert not [name for name in exported if "%" in str(name)]
