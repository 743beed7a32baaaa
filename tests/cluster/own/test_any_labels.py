"""Handwritten digits with labels of every kind through a run: stored, described, grown."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xarray as xr
from PIL import Image
from sklearn.datasets import load_digits

from tests.cluster.conftest import done, go
from tests.conftest import SMALL
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.latent_space.conditions import statistics_where
from zpoints.storage import Store, export_group
from zpoints.storage.verify.store import verify

FEW, ALL = 150, 200
SETTINGS = [
    *("ingest.crop=null", "ingest.side=32", "ingest.channels=1"),
    *("train.epochs=1", "train.threads=1"),
]


def png(number: int) -> bytes:
    data = io.BytesIO()
    pixels = (load_digits().images[number] * 15.9).astype(np.uint8)
    Image.fromarray(pixels).resize((32, 32), Image.Resampling.BICUBIC).save(data, "PNG")
    return data.getvalue()


def labels() -> pd.DataFrame:
    """Labels of the first digits, some missing; the parity is an attribute, 9 comes late."""
    digits = load_digits().target[:ALL].copy()
    digits[:FEW][digits[:FEW] == 9] = 8
    rng = np.random.default_rng(0)
    born = pd.Timestamp("1890-01-01") + pd.to_timedelta(rng.integers(0, 40_000, ALL), unit="D")
    table = pd.DataFrame(
        {
            "file": [f"{k:04d}.png" for k in range(ALL)],
            "digit": digits,
            "age": np.where(np.arange(ALL) % 5, rng.normal(40, 9, ALL).round(1), np.nan),
            "born": born.strftime("%Y-%m-%d"),
            "hand": np.where(np.arange(ALL) % 4, np.where(digits < 5, "left", "right"), ""),
            "odd": digits % 2,
        }
    )
    return table.assign(born=table["born"].where(np.arange(ALL) % 7 > 0, ""))


def in_folder(home: Path, rows: slice) -> None:
    home.mkdir(exist_ok=True)
    table = labels()[rows]
    for name in table["file"]:
        (home / name).write_bytes(png(int(name[:4])))
    table.to_csv(home / "labels.csv", index=False)


def in_parquet(home: Path, rows: slice) -> None:
    home.mkdir(exist_ok=True)
    table = labels()[rows]
    images = [{"bytes": png(int(name[:4])), "path": name} for name in table["file"]]
    columns = {name: pa.array(table[name], from_pandas=True) for name in list(table)[1:]}
    columns["born"] = pa.array(pd.to_datetime(table["born"].replace("", None)))
    pq.write_table(pa.table({"image": images, **columns}), home / "train.parquet")


FORMS = {"csv": in_folder, "parquet": in_parquet}


def configured(tree: Path) -> RunConfig:
    return override(RunConfig(), [f"ingest.source={tree}", *SMALL, *SETTINGS])


def assert_labels(group: xr.Dataset) -> None:
    """The labels of a group are those of the table, by name of the photograph."""
    expected = labels().set_index("file").loc[group["image"].values]
    assert group["digit"].dtype == np.int64
    assert group["odd"].dtype == np.bool_
    np.testing.assert_array_equal(group["digit"], expected["digit"])
    np.testing.assert_array_equal(group["age"], expected["age"])
    np.testing.assert_array_equal(
        group["born"], pd.to_datetime(expected["born"].replace("", None)).to_numpy("M8[us]")
    )
    assert group["hand"].values.tolist() == expected["hand"].tolist()


def assert_described(store: Store) -> None:
    """The statistics are those of a fresh analysis and of pandas."""
    latents = store.latents
    found, z = store.statistics, pd.DataFrame(latents["z"].values.astype(float))
    fresh = analyze(latents["z"].data, label_numbers=Labels(latents).as_numbers)
    for name in ("category", "category_count", "numeric", "numeric_count"):
        assert found[name].values.tolist() == fresh[name].values.tolist()
    for name in ("category_mean", "numeric_mean", "numeric_std", "numeric_correlation"):
        np.testing.assert_allclose(found[name], fresh[name], rtol=1e-7, atol=1e-9)
    mean = z.groupby(latents["digit"].values).mean().loc[3]
    np.testing.assert_allclose(found["category_mean"].sel(category="digit=3"), mean, rtol=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_run__labels_of_every_kind_are_stored_described_and_grow(form: str, tmp_path: Path) -> None:
    tree, root = tmp_path / "digits", tmp_path / "store"
    FORMS[form](tree, slice(FEW))

    store = go(configured(tree), root, until="structure")[0].store

    for group in (store.images, store.latents):
        assert_labels(group)
    assert_described(store)
    assert "digit=9" not in store.statistics["category"].values
    assert set(store.structure["categorical"].values) == {"digit", "hand"}
    assert set(store.structure["numeric"].values) == {"age", "born"}
    table = labels()[:FEW]
    chosen = store.query("digit == 3 and age > 40")["image"].values
    assert set(chosen) == set(table["file"][(table["digit"] == 3) & (table["age"] > 40)])
    assert_exported(store, tmp_path / "export")

    if form == "parquet":
        return  # a changed shard is another photograph
    FORMS[form](tree, slice(ALL))
    result, lines = go(configured(tree), root)

    assert "statistics" in done(result)
    assert f"statistics: {FEW} vectors grow by {ALL - FEW}." in lines
    assert "digit=9" in result.store.statistics["category"].values
    assert_labels(result.store.latents)
    assert_described(result.store)
    assert [f for f in verify(root).findings if f.kind != "note"] == []
    right = statistics_where(result.store.latents, "hand in ['right'] and born < '1990-01-01'")
    days = pd.to_datetime(labels()["born"].replace("", None))
    expected = (labels()["hand"] == "right") & (days < "1990-01-01")
    assert int(right["count"][0]) == expected.sum()


def assert_exported(store: Store, folder: Path) -> None:
    """Any reader of an export has the labels."""
    exported = xr.open_zarr(export_group(store, "latents", folder))
    np.testing.assert_array_equal(exported["born"], store.latents["born"])
    np.testing.assert_array_equal(exported["age"], store.latents["age"])
    assert exported["hand"].values.tolist() == store.latents["hand"].values.tolist()
