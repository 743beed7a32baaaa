"""Reading a store: versions, groups, lazy arrays, history and decoding."""

import json
import pickle

import dask
import icechunk
import numpy as np
import pytest
import xarray as xr
import zarr

from tests.storage.conftest import (
    begin,
    blocks_of,
    latent_template,
    pixels,
    publish_images,
    publish_latents,
    vectors,
)
from zpoints.storage import (
    QueryError,
    SchemaError,
    StoreError,
    StoreNotFoundError,
    open_repository,
    open_store,
)
from zpoints.storage.backend.icechunk_calls import MAJOR, open_or_create


def refuse(*_args, **_options):
    raise AssertionError("computed")


def test_open_store__missing_root_is_an_error_and_is_not_created(root):
    with pytest.raises(StoreNotFoundError, match="There is no store at"):
        open_store(root)

    assert not root.exists()


def test_open_store__folder_without_a_store_is_refused(tmp_path):
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "a.jpg").write_bytes(b"jpeg")

    with pytest.raises(StoreNotFoundError, match="There is no store at"):
        open_store(tmp_path / "faces")
    with pytest.raises(StoreError, match="expected a new or empty folder"):
        open_repository(tmp_path / "faces")

    assert [path.name for path in (tmp_path / "faces").iterdir()] == ["a.jpg"]
    assert [path.name for path in tmp_path.iterdir()] == ["faces"]


def test_open_store__foreign_icechunk_repository_is_refused(root):
    open_or_create(icechunk.local_filesystem_storage(str(root)))

    with pytest.raises(StoreNotFoundError, match="that zpoints did not write"):
        open_store(root)


def test_open_store__of_a_newer_format_is_refused(root):
    if MAJOR > 1:
        storage = icechunk.local_filesystem_storage(str(root))
        icechunk.Repository.create(storage, spec_version=2)
    else:  # Icechunk 1 recognises such a repository by one file
        (root / "snapshots").mkdir(parents=True)
        (root / "snapshots" / "GZPTJ868ZDS52EX4DJNG").touch()
        (root / "repo").touch()

    with pytest.raises(StoreError, match="converted to version 2 of Icechunk's format"):
        open_store(root)


@pytest.mark.parametrize("root", ["ftp://host/run", "gs://bucket", "s3://bucket", "s3://"])
def test_open_store__other_urls_are_refused(root):
    with pytest.raises(StoreError, match="expected a folder, s3://bucket/prefix"):
        open_store(root)


@pytest.mark.parametrize(
    ("version", "repair"),
    [
        (1, r"schema version 1; expected 2.*`zpoints run PRESET --root NEW`.*nothing is deleted"),
        (3, "schema version 3; expected 2.*Install a newer zpoints"),
        (None, "schema version None; expected 2"),
    ],
)
def test_open_store__another_schema_is_refused(repository, root, version, repair):
    icechunk_repository = icechunk.Repository.open(icechunk.local_filesystem_storage(str(root)))
    session = icechunk_repository.writable_session("main")
    zarr.open_group(session.store).attrs["schema_version"] = version
    session.commit("another")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}

    for opening in (open_store, open_repository):
        with pytest.raises(SchemaError, match=repair):
            opening(root)

    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_open_store__empty_store(repository, root):
    store = open_store(root)

    assert store.groups == ()
    assert store.sample_names == ()
    assert store.history() == []
    assert store.fingerprint("images") is None
    assert "nothing published yet" in repr(store)
    assert open_store(root, version=store.version).version == store.version


@pytest.mark.parametrize(
    "ask",
    [
        lambda store, query: store.query(query),
        lambda store, query: store.latents.query(image=query),
        lambda store, query: store.latents.query({"image": query}),
    ],
    ids=["store", "latents", "mapping"],
)
def test_query__by_label_keeps_vectors_lazy(repository, root, ask):
    publish_latents(repository, 8)

    with dask.config.set(scheduler=refuse):
        latents = open_store(root).latents
        chosen = ask(open_store(root), "Smiling and not Male")

    expected = [row for row in range(8) if row % 2 == 0 and row % 3]
    assert dask.is_dask_collection(latents.z)
    assert isinstance(latents.reconstruction_error.data, np.ndarray)
    assert chosen.image.values.tolist() == [f"{row:06d}.jpg" for row in expected]
    assert np.array_equal(chosen.z.values, vectors(8)[expected])


def test_images__query_by_label_keeps_pixels_lazy(repository, root):
    publish_images(repository, 8)

    with dask.config.set(scheduler=refuse):
        chosen = open_store(root).images.query(image="split == 'test' and identity > 2")

    assert dask.is_dask_collection(chosen.pixels)
    assert np.array_equal(chosen.pixels.values, pixels(8)[[3, 5, 7]])


def test_query__takes_any_name_in_backticks(repository, root):
    odd = {"Wearing Hat": np.arange(8) > 3, "ist\u3000groß": np.arange(8) > 5}
    template = latent_template(8).assign_coords({n: ("image", v) for n, v in odd.items()})
    work = begin(repository)
    work.create("latents", template)
    work.write_chunks("latents", blocks_of("z", vectors(8)))
    work.publish(message="encoded", rows=8)

    store = open_store(root)

    assert set(odd) <= set(store.latents.coords)
    assert store.query("`Wearing Hat` and not `ist\u3000groß`").image.values.tolist() == [
        "000004.jpg",
        "000005.jpg",
    ]
    assert store.query("reconstruction_error < 0.3").sizes["image"] == 8


@pytest.mark.parametrize("ask", ["query", "latents"])
def test_query__runs_no_code(repository, root, tmp_path, ask):
    publish_latents(repository)
    store, attack = open_store(root), f"Smiling.to_netcdf('{tmp_path / 'written'}') or Smiling"

    with pytest.raises(QueryError, match=r"Smiling>>>\.<<<to_netcdf"):
        store.query(attack) if ask == "query" else store.latents.query(image=attack)

    assert not (tmp_path / "written").exists()


def test_query__of_a_missing_group_names_the_groups(repository, root):
    publish_images(repository)

    with pytest.raises(StoreNotFoundError, match=r"no group latents\. Its groups: images"):
        open_store(root).query("Smiling")
    assert open_store(root).query("identity > 2", group="images").sizes["image"] == 5


def test_group__a_lazy_chunk_is_several_small_stored_ones(repository, root, monkeypatch):
    publish_latents(repository, 8)
    two_chunks = 2 * 3 * 4 * 4
    monkeypatch.setattr("zpoints.storage.arrays.lazy.TASK_BYTES", (two_chunks, 4 * two_chunks))

    assert open_store(root).latents.z.chunks == ((6, 2), (4,))


def test_group__lazy_chunks_of_a_large_array_grow_up_to_a_bound(repository, root, monkeypatch):
    publish_latents(repository, 300)  # 4,800 bytes in chunks of 48
    monkeypatch.setattr("zpoints.storage.arrays.lazy.TASK_BYTES", (48, 96))
    monkeypatch.setattr("zpoints.storage.arrays.lazy.TASKS", 2)

    assert open_store(root).latents.z.chunks == ((6,) * 50, (4,))


def test_group__graph_of_a_lazy_array_is_small(repository, root, monkeypatch):
    publish_latents(repository, 300)
    monkeypatch.setattr("zpoints.storage.arrays.lazy.TASK_BYTES", (1, 1))

    z = open_store(root).latents.z.data

    assert z.npartitions == 100
    assert len(pickle.dumps(z.dask)) < 8_000
    assert np.array_equal(pickle.loads(pickle.dumps(z)).compute(), vectors(300))


def test_group__changes_by_the_caller_are_not_kept(repository, root):
    publish_latents(repository)
    store = open_store(root)

    latents = store.latents
    latents["extra"] = latents.z

    assert "extra" not in store.latents


def test_history__is_newest_first_with_provenance(repository, root):
    ids = [publish_images(repository), publish_latents(repository)]

    newest, oldest = open_store(root).history()

    assert [oldest.id, newest.id] == ids
    assert (newest.stage, newest.message) == ("encode", "encoded")
    assert newest.time > oldest.time
    wanted = {"stage", "fingerprint", "versions", "seed", "rows", "duration", "host", "revision"}
    assert wanted <= set(newest.metadata)
    assert newest.metadata["revision"] == 2
    assert newest.metadata["versions"]["icechunk"] == icechunk.__version__
    json.dumps(newest.metadata)


def test_open_store__an_older_version_is_unchanged(repository, root):
    first = publish_latents(repository, 8, "aa")
    publish_latents(repository, 5, "bb")

    store = open_store(root, version=first)

    assert np.array_equal(store.latents.z.values, vectors(8))
    assert store.version == first
    assert len(store.history()) == 2


@pytest.mark.parametrize("version", ["nonsense", "00000000000000000000"])
def test_open_store__unknown_version_is_refused(repository, root, version):
    with pytest.raises(StoreNotFoundError, match=f"no version {version}"):
        open_store(root, version=version)


def test_open_store__unpublished_work_is_not_a_version(repository, root):
    work = repository.begin(stage="encode", fingerprint="aa", groups=("latents",))
    publish_images(repository)
    work.create("latents", _latents_in_memory())
    snapshot = icechunk.Repository.open(icechunk.local_filesystem_storage(str(root)))

    with pytest.raises(StoreNotFoundError):
        open_store(root, version=snapshot.lookup_branch("wip-aa"))


def _latents_in_memory() -> xr.Dataset:
    return xr.Dataset(
        {"z": (("image", "component"), np.zeros((2, 4), np.float32))},
        coords={"image": ("image", ["a", "b"])},
    )


def test_decode__goes_through_the_installed_decoder(repository, root, monkeypatch):
    class Decoder:
        def load(self):
            return lambda model, z: np.full((len(z), 8, 8, 3), model.loss.values[-1], np.uint8)

    work = repository.begin(stage="train", fingerprint="cc", groups=("model",))
    dataset = xr.Dataset({"weights": ("byte", np.zeros(1, np.uint8)), "loss": ("epoch", [9.0])})
    work.create("model", dataset, attrs={"architecture": {}, "sha256": ""})
    work.publish(message="trained", rows=0)

    monkeypatch.setattr("zpoints.storage.store.entry_points", lambda group: [Decoder()])
    assert (open_store(root).decode(np.zeros((2, 4))) == 9).all()
    monkeypatch.setattr("zpoints.storage.store.entry_points", lambda group: [])
    with pytest.raises(StoreError, match="No decoder is installed"):
        open_store(root).decode(np.zeros((2, 4)))
