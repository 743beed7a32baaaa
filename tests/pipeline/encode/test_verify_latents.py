"""Verification of latents finds those of another model or of other images."""

import shutil
from hashlib import sha256

import numpy as np
import pytest
import safetensors.torch
import xarray as xr

from zpoints.pipeline.encode.verify_latents import verify_latents
from zpoints.storage import Store, open_repository, open_store
from zpoints.storage.schema.provenance import PROVENANCE, provenance_of
from zpoints.storage.verify.store import verify


@pytest.fixture
def copied_root(small_root: str, tmp_path) -> str:
    return shutil.copytree(small_root, str(tmp_path / "store"))


def replace(root: str, group: str, dataset: xr.Dataset) -> Store:
    """Publish a group again under its own fingerprint, so that only its content changes."""
    made = provenance_of(dataset.attrs)
    work = open_repository(root).begin(
        stage=made["stage"],
        fingerprint=made["fingerprint"],
        groups=(group,),
        inputs=made["inputs"],
        lineage=made["lineage"],
    )
    work.create(group, dataset)
    work.publish(message="changed", rows=1)
    return open_store(root)


def changed_latents(root: str, **variables: np.ndarray) -> Store:
    latents = open_store(root).latents.compute()
    copies = {name: latents[name].copy(data=values) for name, values in variables.items()}
    return replace(root, "latents", latents.assign(copies))


def test_verify_latents__finds_nothing_in_an_undamaged_store(small_root: str, small_store: Store):
    assert verify(small_root).findings == ()
    assert verify_latents(small_store) == ()


def test_verify_latents__ignores_the_last_bits(copied_root: str):
    z = open_store(copied_root).latents["z"].values
    noise = np.random.default_rng(0).normal(scale=1e-5 * z.std(), size=z.shape)

    store = changed_latents(copied_root, z=(z + noise).astype(np.float32))

    assert verify_latents(store) == ()


def test_verify_latents__finds_latents_of_other_images(copied_root: str):
    z = open_store(copied_root).latents["z"].values

    store = changed_latents(copied_root, z=np.roll(z, 1, axis=0))

    [finding] = verify_latents(store, images=16)
    assert (finding.kind, finding.subject) == ("mismatch", "latents/z")
    assert finding.message.startswith("16 of 16 rows differ")


def test_verify_latents__finds_one_changed_row_among_those_it_encodes(copied_root: str):
    latents = open_store(copied_root).latents
    z, error = latents["z"].values.copy(), latents["reconstruction_error"].values.copy()
    z[70, 3] += 0.1 * z.std()
    error[71] *= 1.5

    store = changed_latents(copied_root, z=z, reconstruction_error=error)

    findings = {f.subject: f.message for f in verify_latents(store, images=len(z))}
    assert set(findings) == {"latents/z", "latents/reconstruction_error"}
    assert "the first is row 70" in findings["latents/z"]
    assert "the first is row 71" in findings["latents/reconstruction_error"]


def test_verify_latents__finds_latents_of_another_model(copied_root: str):
    model = open_store(copied_root).model.compute()
    state = safetensors.torch.load(model["weights"].values.tobytes())
    data = safetensors.torch.save({name: 1.01 * w.float() for name, w in state.items()})
    weights = np.frombuffer(data, dtype=np.uint8)
    other = model.drop_vars("weights").assign(weights=("byte", weights))
    other.attrs["sha256"] = sha256(data).hexdigest()

    store = replace(copied_root, "model", other)

    assert verify(copied_root).ok
    assert "latents/z" in [finding.subject for finding in verify_latents(store)]


def test_verify_latents__finds_nothing_without_latents(tmp_path):
    open_repository(tmp_path / "empty")

    assert verify_latents(open_store(tmp_path / "empty")) == ()


def test_verify_latents__ignores_latents_of_an_older_model(copied_root: str):
    images = open_store(copied_root).images.compute()
    older = {"fingerprint": "0123", "lineage": "0123"}
    images.attrs[PROVENANCE] = provenance_of(images.attrs) | older

    store = replace(copied_root, "images", images)

    assert verify_latents(store) == ()
    assert {f.kind for f in verify(copied_root).findings} == {"note"}
