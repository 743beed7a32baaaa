"""The latent space of a store: the labels, the network, the generators and the versions."""

import copy
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from distributed import Client, LocalCluster

import zpoints as zp
from tests.grey import grey as grey
from tests.grey import inception as inception
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.errors import SampleError, VectorError
from zpoints.pipeline.latent_space.quality_tables import recommended
from zpoints.pipeline.latent_space.stored import LatentStore
from zpoints.storage import StoreNotFoundError, ZpointsError, open_store
from zpoints.storage.schema.attributes import nested


@pytest.fixture(scope="module")
def store(small_root: str) -> LatentStore:
    return zp.open(small_root)


def test_open__is_a_store(store: LatentStore, small_root: str) -> None:
    plain = open_store(small_root)

    assert (store.root, store.version, store.groups) == (plain.root, plain.version, plain.groups)
    assert store.history() == plain.history()


def test_encode__gives_the_stored_vectors(store: LatentStore) -> None:
    images = store.images.isel(image=slice(5))

    z = store.encode(images)

    assert isinstance(z.data, da.Array)
    np.testing.assert_allclose(z, store.latents["z"].sel(image=z["image"]), atol=1e-4)
    assert z["Smiling"].equals(images["Smiling"])


def test_decode__gives_what_the_store_decodes(store: LatentStore, small_root: str) -> None:
    drawn = store.draw("ellipse", 3, K=8)

    pixels = store.decode(drawn)

    assert pixels.dims == ("sample", "y", "x", "channel")
    assert (pixels.values == open_store(small_root).decode(drawn.z)).all()


def test_decode__of_vectors_needs_the_model_alone(store: LatentStore) -> None:
    versions = [zp.open(store.root, version=entry.id) for entry in reversed(store.history())]
    trained = next(version for version in versions if "model" in version.groups)
    z = store.latents["z"][:2].values

    assert "latents" not in trained.groups
    assert (trained.decode(z).values == store.decode(z).values).all()
    with pytest.raises(VectorError, match="expected 112 along"):
        trained.decode(z[:, :5])


def test_draw__has_the_vectors_of_the_stored_samples(store: LatentStore) -> None:
    stored = store.samples("uniform")

    drawn = store.draw(
        "uniform", 20, seed=stored.attrs["seed"], **nested(stored.attrs, "parameters")
    )

    assert (drawn["z"].values == stored["z"][:20].values).all()


def test_draw__where_needs_no_configured_selection(store: LatentStore) -> None:
    drawn = store.draw("multivariate_normal", 4, where="Smiling and not Male")

    assert drawn["z"].shape == (4, 112)


def test_neighbours__of_a_stored_image_have_its_labels_at_hand(store: LatentStore) -> None:
    name = store.latents.indexes["image"][7]

    found = store.neighbours(name, 3)

    assert name not in found["image"].values
    assert store.latents.sel(image=found["image"])["Smiling"].shape == (3,)


MISSING = {
    "latents": lambda s: s.neighbours(0),
    "model": lambda s: s.encode(s.images),
    "statistics": lambda s: s.draw("ellipse", 2),
    "samples/ellipse": lambda s: s.faces(of="ellipse"),
}


@pytest.mark.parametrize("group", MISSING)
def test_store__names_the_group_that_it_lacks(small_until, group: str) -> None:
    store = zp.open(small_until("ingest"))

    with pytest.raises(
        StoreNotFoundError, match=rf"no group {group}\. Its groups: images\. `zpoints"
    ):
        MISSING[group](store)


def test_export__writes_vectors_and_labels(store: LatentStore, tmp_path: Path) -> None:
    folder = store.export("latents", tmp_path / "out", form="parquet")

    table = pd.read_parquet(folder / "image.parquet").set_index("image")
    assert table.index.equals(store.latents.indexes["image"].rename("image"))
    assert (table["z_3"].to_numpy() == store.latents["z"].values[:, 3]).all()
    assert (table["Smiling"].to_numpy() == store.latents["Smiling"].values).all()


@pytest.mark.services
def test_store__workers_compute_the_same(store: LatentStore) -> None:
    vectors, images = store.latents["z"][:70], store.images.isel(image=slice(70))

    def answers(store: LatentStore) -> list[np.ndarray]:
        drawn = store.draw("multivariate_normal", 3, where="Smiling")["z"]
        found = store.decode(vectors), store.encode(images), store.hit_test(), drawn
        return [answer.values for answer in found]

    here = answers(zp.open(store.root))
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        there = answers(pickle.loads(pickle.dumps(store)))
        opened = client.submit(lambda store: store.latents.sizes["image"], store).result()

    assert all((a == b).all() for a, b in zip(here, there, strict=True))
    assert opened == 160


def test_compare__has_a_row_per_generator_and_reference(store: LatentStore) -> None:
    table, main = store.compare("all"), store.compare()

    assert set(table.index) == {"real", "reconstruction", "uniform", "gaussian", "ellipse"}
    judged = store.quality("ellipse")
    assert table.loc["ellipse", "round_trip"] == float(judged["round_trip"])
    assert list(table.columns[:4]) == ["merit", "merit_error", "memorises", "face_rate"]
    assert list(table.index[:2]) == ["real", "reconstruction"]
    assert table["merit"][2:].is_monotonic_decreasing
    assert table.loc["real", "merit"] == 1
    assert list(main) == ["merit", "precision", "recall", "face_rate", "memorises"]
    assert "..." not in repr(main)
    assert list(store.compare("density", "swd")) == ["density", "swd"]


def test_recommended__names_samples_of_the_store(store: LatentStore) -> None:
    table, compared = store.recommended(), store.compare()

    assert list(table.columns) == ["name", "reason", "price"]
    assert set(table["name"]) <= set(store.sample_names)
    assert (compared.loc[table["name"], "merit"] >= 0.5).all()


def test_recommended__shows_sentences_or_why_it_is_empty() -> None:
    def row(count: int, **values: float) -> xr.Dataset:
        return xr.Dataset(values, attrs={"count": count})

    names = ("precision", "recall", "density", "coverage", "variance_ratio", "pair_distance")
    real, good, poor = (row(9, **dict.fromkeys(names, value)) for value in (0.8, 0.7, 0.1))

    assert repr(recommended({"real": real, "a": good})).startswith("Cleanest: a (precision 0.70;")
    assert len(recommended({"real": real, "a": good}, "cleanest")) == 1
    none = recommended({"real": real, "<b>": poor})
    assert none.empty
    assert "the best one, <b>, has a merit of 0.13; expected at least 0.5" in repr(none)
    assert "&lt;b&gt;" in none._repr_html_()
    assert "No generator has been evaluated" in repr(recommended({}))


def test_diff__lists_what_changed_since_another_version(store: LatentStore) -> None:
    table = store.diff(store.version)

    assert list(table) == ["before", "after", "difference", "error"]
    assert table.loc[("images", "all")].tolist()[:3] == [160, 160, 0]
    assert table.loc[("vectors", "mean, RMS [sigma]"), "difference"] == 0
    assert (table.loc["quality/ellipse", "difference"].dropna() == 0).all()
    assert re.search(r"all +160 +160 +0 *\n", repr(table))


WRONG_CALLS: dict[str, tuple[Callable[[LatentStore], Any], str]] = {
    "measure": (lambda s: s.compare("precison"), "mean precision? compare() w"),
    "purpose": (lambda s: s.recommended("clean"), "Unknown purpose 'clean'; did you mean cleanest"),
    "one store": (lambda s: zp.compare(s), "Got one store; expected two"),
    "no statistics": (lambda s: zp.draw("flow", 8), "Got 8 for the group statistics"),
    "only a name": (lambda s: zp.draw("flow"), "Got nothing for the group statistics"),
    "swapped": (lambda s: s.draw(8, "flow"), "Got 8 for the name of a generator"),
    "no number": (lambda s: zp.draw("gaussian", s.statistics), "n = None: expected the number"),
    "text": (lambda s: s.draw("ellipse", 2, radius="0.35"), "radius = '0.35': expected a number"),
    "true": (lambda s: s.draw("ellipse", 2, K=True), "K = True: expected a number"),
    "a store": (lambda s: zp.open(s), "Got a LatentStore for the root of a store"),
}


@pytest.mark.parametrize("case", WRONG_CALLS)
def test_wrong_calls__end_in_a_message(store: LatentStore, case: str) -> None:
    call, message = WRONG_CALLS[case]
    with pytest.raises(ZpointsError) as caught:
        call(store)
    assert message in str(caught.value)


def test_attribute__unknown_suggests_the_nearest(store: LatentStore) -> None:
    message = r"^'LatentStore' object .* mean: 'statistics'"
    with pytest.raises(AttributeError, match=message) as wrong:
        _ = store.stats  # type: ignore[attr-defined]

    assert wrong.value.name == "stats"
    assert not hasattr(store, "_ipython_display_")
    assert copy.copy(store).groups == pickle.loads(pickle.dumps(store)).groups == store.groups


def test_attribute__that_fails_inside_keeps_its_error() -> None:
    class Broken(LatentStore):
        @property
        def broken(self) -> int:
            return np.inside

    with pytest.raises(AttributeError, match="module 'numpy' has no attribute 'inside'"):
        _ = object.__new__(Broken).broken


def test_add__suggests_labels_and_lists_few(store: LatentStore) -> None:
    with pytest.raises(SampleError, match=r"'smile'. Did you mean Smiling\? Attributes: .*none\.$"):
        store.add("smile", 0)


def test_repr__shows_labels_of_the_store(store: LatentStore) -> None:
    assert "labels: " in repr(store)
    assert re.search(r"Smiling</td><td[^>]*>true in \d+ %", store._repr_html_())


def test_draw__gives_the_call_behind_names_of_stored_samples(grey: tuple[RunConfig, str]) -> None:
    with pytest.raises(SampleError, match="'g' is a name of stored samples") as caught:
        zp.open(grey[1]).draw("g", 2)

    assert "store.draw('gaussian', n) draws such vectors" in str(caught.value)


def test_samples__of_an_unknown_name_list_samples_only(store: LatentStore) -> None:
    with pytest.raises(StoreNotFoundError, match=r"mean samples/ellipse\?") as caught:
        store.samples("elipse")

    assert "quality/... (5), samples/... (3: ellipse, gaussian, uniform), " in str(caught.value)


def test_claims__include_the_one_about_faces(store: LatentStore) -> None:
    rate = float(store.quality("reconstruction").face_rate)
    # The last bits of the weights decide whether a network of two epochs reconstructs any face.
    expected = f"; reconstructions {rate:.2f}" if rate else "finds nothing in any reconstruction"

    assert expected in store.claims.frame.loc[13, "measured"]


def test_open__takes_versions_in_one_spelling(store: LatentStore, small_root: str) -> None:
    first, *_, second, newest = [entry.id for entry in reversed(store.history())]
    date = f"{store.time:%Y-%m-%d}"

    assert zp.open(small_root, "latest").version == newest
    assert zp.open(small_root, version="previous").version == second
    assert zp.open(small_root, version=date).version == newest
    assert zp.open(small_root, version=first).version == first
    with pytest.raises(StoreNotFoundError, match="no version as of 2001"):
        zp.open(small_root, version="2001-01-01")


def test_open__previous_needs_two_versions(small_until) -> None:
    with pytest.raises(StoreNotFoundError, match="no previous version: it holds 1"):
        zp.open(small_until("ingest"), version="previous")


def test_import__is_light() -> None:
    slow = {
        "torch",
        "matplotlib",
        "sklearn",
        "dask_ml",
        "numba",
        "icechunk",
        "xarray",
        "distributed",
    }
    code = f"import sys, zpoints; dir(zpoints); print(sorted({slow} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_dir__leads_to_the_front_door() -> None:
    assert {"open", "open_arrays", "draw", "analyze", "claims"} <= set(dir(zp))
    assert all(getattr(zp, name).__doc__ for name in ("open", "open_arrays", "draw", "analyze"))
