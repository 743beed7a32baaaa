"""Verification reads every chunk, lists all faults and compares groups."""

from hashlib import sha256

import icechunk
import numpy as np
import pytest
import xarray as xr
import zarr
from zarr.core.sync import sync

from tests.storage.conftest import COMPONENTS, photographs, publish_images, publish_latents, vectors
from zpoints.storage import VARIABLES, StoreError, StoreNotFoundError, ZpointsError
from zpoints.storage.backend.icechunk_calls import inspect
from zpoints.storage.backend.location import Location
from zpoints.storage.verify.store import verify

IMAGES = {"images": "ff"}


def publish(repository, group, dataset, fingerprint, *, inputs=None, attrs=None):
    """Publish a group; returns the id of the version."""
    work = repository.begin(
        stage="stage", fingerprint=fingerprint, groups=(group,), inputs=inputs or {}
    )
    work.create(group, dataset, attrs=attrs)
    return work.publish(message=group, rows=1)


def latents(count=8, **labels):
    """Latents of the photographs with some labels replaced."""
    photos = photographs(count)
    kept = {name: photos[name].variable for name in ("image", "checksum", "Smiling", "landmarks")}
    return xr.Dataset(
        {"z": (("image", "component"), vectors(count))},
        coords={**kept, **{name: photos[name].variable.copy(data=v) for name, v in labels.items()}},
    )


def statistics(count, nan_rows, components=COMPONENTS):
    """Statistics of zeros for a number of vectors."""
    size = {"component": components, "other": components, "pc": components}
    zeros = {
        name: (known.dims, np.zeros([size.get(dim, 2) for dim in known.dims], known.dtype))
        for name, known in VARIABLES["statistics"].items()
        if known.required
    }
    counts = {"count": ("component", np.full(components, count)), "nan_rows": ((), nan_rows)}
    return xr.Dataset({**zeros, **counts})


def publish_model(repository, *, digest=None):
    weights = np.arange(200, dtype=np.uint8)
    attrs = {"architecture": {}, "sha256": digest or sha256(weights.tobytes()).hexdigest()}
    publish(repository, "model", xr.Dataset({"weights": ("byte", weights)}), "mm", attrs=attrs)


def found(verification):
    return [(finding.kind, finding.subject) for finding in verification.findings]


def manifests(root):
    repository = icechunk.Repository.open(Location.of(root).storage())
    newest = inspect(repository.inspect_snapshot(repository.lookup_branch("main")))
    return [root / "manifests" / manifest["id"] for manifest in newest["manifests"]]


def test_verify__whole_store_is_read_and_ok(repository, root):
    publish_images(repository)
    version = publish(repository, "latents", latents(), "aa", inputs=IMAGES)
    publish_model(repository)
    version = publish(repository, "statistics", statistics(7, 1), "ss", inputs={"latents": "aa"})
    seen = []

    verification = verify(root, on_progress=lambda done, total: seen.append((done, total)))

    assert verification.findings == ()
    assert verification.ok
    assert verification.version == version
    assert verification.chunks == sum(
        array.nchunks
        for group in ("images", "latents", "model", "statistics")
        for array in arrays(root, group)
    )
    assert verification.bytes > 8 * 8 * 8 * 3
    total = seen[0][1]
    assert total >= verification.chunks
    assert seen == [(done, total) for done in range(1, total + 1)]


def arrays(root, group):
    repository = icechunk.Repository.open(Location.of(root).storage())
    session = repository.readonly_session("main")
    return [array for _, array in zarr.open_group(session.store, path=group, mode="r").arrays()]


def test_verify__empty_store_is_ok(repository, root):
    verification = verify(root)

    assert verification.ok
    assert verification.chunks == 0


def test_verify__chunk_that_was_never_written_is_named_with_its_rows(repository, root):
    publish_images(repository, 8)
    session = icechunk.Repository.open(Location.of(root).storage()).writable_session("main")
    sync(session.store.delete("images/pixels/c/1/0/0/0"))
    session.commit("a hole")

    verification = verify(root)

    assert found(verification) == [("damage", "images/pixels")]
    assert verification.findings[0].message == "chunk 1.0.0.0, rows 3 to 6, was never written."
    assert not verification.ok


def test_verify__lists_all_faults(repository, root):
    publish_images(repository, 8)
    for file in (root / "chunks").iterdir():
        file.unlink()

    verification = verify(root)

    places = [finding.message.split(" cannot")[0] for finding in verification.findings]
    assert places == [f"chunk {k}.0.0.0, rows {3 * k} to {min(3 * k + 3, 8)}," for k in range(3)]


def test_verify__sample_reads_some_chunks_of_every_array(repository, root):
    publish_images(repository, 30)
    count = len(arrays(root, "images"))

    assert verify(root, sample=0.1).chunks == count
    assert verify(root, sample=50).chunks == count - 1 + 5

    (root / "chunks" / sorted((root / "chunks").iterdir())[0]).unlink()
    tries = [verify(root, sample=50, seed=seed).ok for seed in range(12)]
    assert verify(root, sample=50, seed=0).ok == tries[0]
    assert {True, False} == set(tries)


@pytest.mark.parametrize("sample", [0, -1, 101])
def test_verify__sample_must_be_a_percentage(repository, root, sample):
    with pytest.raises(StoreError, match="expected a percentage above 0"):
        verify(root, sample=sample)


def test_verify__no_store_or_version_is_an_error_and_not_damage(repository, root, tmp_path):
    with pytest.raises(StoreNotFoundError, match="There is no store"):
        verify(tmp_path / "nothing")
    with pytest.raises(StoreNotFoundError, match="has no version"):
        verify(root, version="0123456789ABCDEFGHJK")


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_verify__lost_manifest_is_damage_to_its_array(repository, root, harm):
    publish_images(repository, 8)
    names = {f"images/{array.basename}" for array in arrays(root, "images")}
    damaged = set()
    for manifest in manifests(root):
        content = manifest.read_bytes()
        harm(manifest)
        [finding] = verify(root).findings
        assert finding.kind == "damage"
        assert "no chunk can be found" in finding.message
        damaged.add(finding.subject)
        manifest.write_bytes(content)

    assert damaged == names
    assert verify(root).ok


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("place", ["snapshots/{}", "refs/branch.main/ref.json"])
def test_verify__lost_snapshot_or_branch_is_damage_to_the_store(repository, root, place, harm):
    version = publish_images(repository, 8)
    harm(root / place.format(version))

    verification = verify(root)

    assert found(verification) == [("damage", str(root))]
    assert verification.version is None
    assert not verification.ok


def test_verify__flipped_bits_in_a_snapshot_never_end_in_a_traceback(repository, root):
    version = publish_images(repository, 3)
    snapshot = root / "snapshots" / version
    content, damaged = snapshot.read_bytes(), 0
    for position in range(40, len(content), len(content) // 30):
        changed = bytearray(content)
        changed[position] ^= 0b101
        snapshot.write_bytes(changed)
        try:
            damaged += not verify(root).ok
        except ZpointsError:
            damaged += 1

    assert damaged > 15


def test_verify__lost_snapshot_of_an_older_version_is_damage_to_the_history(repository, root):
    older = publish_images(repository, 8)
    publish_latents(repository, 8)
    (root / "snapshots" / older).unlink()

    assert found(verify(root)) == [("damage", "history")]


@pytest.mark.parametrize("harm", ["delete", "flip"])
def test_verify__checks_chunks_that_only_older_versions_use(repository, root, harm):
    older = publish_images(repository, 8)
    [file, *_] = (root / "chunks").iterdir()
    work = repository.begin(stage="ingest", fingerprint="gg", groups=("images",))
    work.create("images", photographs(2).compute())
    work.publish(message="fewer", rows=2)
    if harm == "delete":
        file.unlink()
        expected = f"version {older}, images/pixels"
    else:
        content = file.read_bytes()
        file.write_bytes(content[:9] + bytes([content[9] ^ 4]) + content[10:])
        expected = f"chunks/{file.name}"

    assert found(verify(root)) == [("damage", expected)]
    assert verify(root, sample=99).ok
    assert ("damage", "images/pixels") in found(verify(root, version=older))


def test_verify__file_of_a_killed_writer_is_not_damage(repository, root):
    publish_images(repository, 8)
    (root / "chunks" / "0123456789ABCDEFGHJK#1").write_bytes(b"half a chu")

    assert verify(root).ok


def test_verify__damaged_label_is_reported_once(repository, root):
    publish(repository, "images", photographs(500).compute(), "ff")
    label = min((root / "chunks").iterdir(), key=lambda file: file.stat().st_size)
    content = bytearray(label.read_bytes())
    content[100] ^= 1
    label.write_bytes(content)

    [of_array, of_file] = verify(root).findings
    assert of_array.subject in {f"images/{name}" for name in photographs(1).variables}
    assert "rows 0 to 500, does not have the checksum" in of_array.message
    assert of_file.subject == f"chunks/{label.name}"


def test_verify__latents_must_have_the_rows_of_the_images(repository, root):
    publish_images(repository, 8)
    publish(repository, "latents", latents(7), "aa", inputs=IMAGES)

    [finding] = verify(root).findings

    assert (finding.kind, finding.subject) == ("mismatch", "latents")
    assert finding.message == "has 7 along image, but images has 8."


def test_verify__labels_must_be_those_of_the_images(repository, root):
    publish_images(repository, 8)
    photos = photographs(8)
    changed = latents(
        image=photos["image"].values[::-1],
        Smiling=np.arange(8) % 2 == 0,
        checksum=np.where(np.arange(8) < 6, photos["checksum"].values, 0),
        landmarks=photos["landmarks"].values + (np.arange(8) == 5)[:, None, None].astype(np.int16),
    )
    publish(repository, "latents", changed, "aa", inputs=IMAGES)

    findings = {finding.subject: finding.message for finding in verify(root).findings}

    assert findings == {
        "latents/image": "differs from that of images in 8 rows, first in row 0.",
        "latents/checksum": "differs from that of images in 2 rows, first in row 6.",
        "latents/landmarks": "differs from that of images in 1 rows, first in row 5.",
    }


def test_verify__latents_of_other_images_are_a_note(repository, root):
    publish_images(repository, 8)
    publish(repository, "latents", latents(7), "aa", inputs={"images": "older"})

    verification = verify(root)

    assert found(verification) == [("note", "latents")]
    assert verification.ok


def test_verify__weights_must_have_their_sha256(repository, root):
    publish_model(repository, digest="0" * 64)

    assert found(verify(root)) == [("mismatch", "model/weights")]


@pytest.mark.parametrize(("count", "nan_rows", "components"), [(7, 0, 4), (8, 1, 4), (8, 0, 5)])
def test_verify__statistics_must_cover_the_latents(repository, root, count, nan_rows, components):
    publish(repository, "latents", latents(8), "aa")
    described = statistics(count, nan_rows, components)
    publish(repository, "statistics", described, "ss", inputs={"latents": "aa"})

    assert found(verify(root)) == [("mismatch", "statistics")]


def test_verify__group_that_disagrees_with_the_registry_is_a_mismatch(repository, root):
    publish_images(repository, 8)
    session = icechunk.Repository.open(Location.of(root).storage()).writable_session("main")
    array = zarr.create_array(
        session.store, name="images/stranger", shape=(8,), dtype="f4", dimension_names=["image"]
    )
    array[:] = 1.0
    session.commit("a stranger")

    [finding] = verify(root).findings

    assert (finding.kind, finding.subject) == ("mismatch", "images")
    assert "stranger" in finding.message
