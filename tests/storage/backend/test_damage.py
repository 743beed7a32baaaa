"""Damaged, missing and unreadable files of a store, and disks without space."""

import os
import subprocess
from collections.abc import Callable, Iterator
from errno import ENOSPC
from pathlib import Path

import icechunk
import pytest
from numcodecs import Zstd
from obstore.exceptions import GenericError

from tests.s3 import new_bucket
from tests.storage.conftest import begin, latent_template, publish_images, publish_latents
from zpoints.storage import Repository, StoreError, open_repository, open_store
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.location import FIRST_SNAPSHOT, Location
from zpoints.storage.verify.store import verify

HARMS: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "other": lambda path: path.write_bytes(b"\0\xff{"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}
NEW_REF = 'write {"snapshot":"ID"}'


def message(call: Callable[[], object]) -> str:
    """Message of the error that a call ends in."""
    with pytest.raises(StoreError) as error:
        call()
    return str(error.value)


@pytest.mark.parametrize(
    ("file", "harm", "way_back"),
    [
        ("config.yaml", "other", "move it out of the root"),  # anything else is Icechunk's default
        *(("refs/branch.main/ref.json", harm, NEW_REF) for harm in HARMS),
        *(("snapshots/NEWEST", harm, NEW_REF) for harm in HARMS),
    ],
)
def test_open__names_the_damaged_file_and_the_way_back(repository, root, file, harm, way_back):
    version = publish_images(repository)
    path = root / file.replace("NEWEST", version)
    HARMS[harm](path)

    text = message(lambda: open_store(root))

    assert str(path) in text
    assert "missing" in text or "damaged" in text
    assert way_back in text
    assert message(lambda: open_repository(root)) == text
    assert message(lambda: open_store(root).history()) == text
    [finding] = verify(root).findings
    assert (finding.kind, finding.message) == ("damage", text)


@pytest.mark.parametrize("opened", [open_store, open_repository])
def test_open__a_store_that_another_process_has_just_created_is_sound(
    repository: Repository,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    opened: Callable[[Path], object],
) -> None:
    publish_images(repository)
    exists, answers = Location.exists, iter([False])  # asked before the creation ended
    monkeypatch.setattr(
        Location, "exists", lambda self: next(answers, None) is None and exists(self)
    )

    opened(root)

    assert len(open_store(root).history()) == 1


def test_open__a_ref_written_as_the_message_says_opens_the_store(repository, root):
    older, newer = publish_images(repository), publish_latents(repository)
    for damaged, version in (("refs/branch.main/ref.json", newer), (f"snapshots/{newer}", older)):
        (root / damaged).unlink()
        (root / "refs/branch.main/ref.json").write_text(f'{{"snapshot":"{version}"}}')

        assert open_store(root).version == version


@pytest.mark.parametrize("harm", [name for name in HARMS if name != "a folder"])
@pytest.mark.parametrize("file", ["ref", "snapshot"])
def test_begin__unreadable_unfinished_work_is_named_and_can_be_dropped(
    repository, root, file, harm
):
    publish_images(repository)
    begin(repository, "cc").create("latents", latent_template(8))
    ref = root / "refs/branch.wip-cc/ref.json"
    path = ref if file == "ref" else root / "snapshots" / ref.read_text().split('"')[3]
    HARMS[harm](path)
    if path == ref and harm == "missing":
        begin(open_repository(root), "cc")  # as if there had been no work
        return

    text = message(lambda: begin(open_repository(root), "cc"))

    assert str(path) in text
    assert "remove refs/branch.wip-cc/ref.json of unfinished work" in text
    assert [it.message for it in verify(root).findings] == [text]
    assert len(open_store(root).history()) == 1
    ref.unlink()
    publish_latents(open_repository(root), 8, "cc")
    assert verify(root).ok


def test_history__damaged_tag_of_a_rollback_is_named(repository, root):
    older = publish_images(repository)
    publish_latents(repository)
    repository.rollback(older)
    [ref] = root.glob("refs/tag.*/ref.json")
    ref.write_bytes(b"")

    text = message(lambda: open_store(root).history())

    assert str(ref) in text
    assert "versions that a rollback has left, which the history then lacks" in text
    assert not verify(root).ok
    open_repository(root)
    ref.unlink()
    assert len(open_store(root).history()) == 2


@pytest.mark.parametrize("harm", ["missing", "empty", "other", "cut"])
def test_open_group__names_the_damaged_manifest(repository, root, harm):
    publish_images(repository)
    manifests = sorted((root / "manifests").iterdir())
    for manifest in manifests:
        HARMS[harm](manifest)

    text = message(lambda: open_store(root).images)

    assert any(f"{manifest} is " in text for manifest in manifests)
    assert "roll back to a version that does not need it" in text
    assert all("manifests/" in finding.message for finding in verify(root).findings)


HEADER = 39
"""Bytes of a file of Icechunk before its compressed content."""


@pytest.mark.parametrize("byte", [b"\x01", b"\xc5", b"x"])
@pytest.mark.parametrize(
    ("key", "opened"),
    [
        ("node_type", open_store),
        ("node_type", open_repository),
        ("data_type", lambda root: open_store(root).images),
        ("shape", lambda root: open_store(root).array("images", "image")),
    ],
)
def test_open__a_changed_byte_of_the_metadata_is_damage(repository, root, key, opened, byte):
    snapshot = root / "snapshots" / publish_images(repository)
    content, codec = snapshot.read_bytes(), Zstd()
    damaged = codec.decode(content[HEADER:]).replace(f'"{key}"'.encode(), f'"{key}'.encode() + byte)
    snapshot.write_bytes(content[:HEADER] + codec.encode(damaged))

    text = message(lambda: opened(root))

    assert f"snapshots/{snapshot.name} is damaged (" in text
    assert NEW_REF in text
    assert not verify(root).ok


class PanicException(BaseException):
    """Stands for that of Icechunk, which some damaged snapshots cause."""


@pytest.mark.parametrize("function", ["zarr.open_group", "icechunk.Repository.exists"])
def test_open__a_panic_of_icechunk_is_damage(repository, root, monkeypatch, function):
    def panic(*_: object, **__: object) -> None:
        raise PanicException("Invalid node data type in flatbuffers file")

    publish_images(repository)
    monkeypatch.setattr(function, panic)

    assert "Invalid node data type" in message(lambda: open_store(root))
    assert "Invalid node data type" in message(lambda: open_repository(root))


def test_open_store__damaged_older_version_is_not_called_unknown(repository, root):
    older = publish_images(repository)
    publish_latents(repository)
    (root / "snapshots" / older).write_bytes(b"")

    assert "is damaged" in message(lambda: open_store(root, version=older))
    assert "is damaged" in message(lambda: open_store(root).history())


@pytest.mark.services
def test_open_repository__in_a_bucket_never_begins_a_new_store_over_a_damaged_one(s3):
    bucket = new_bucket(s3)
    root = f"s3://{bucket}/runs/one"
    version = publish_images(open_repository(root))
    Blobs(root).delete("refs/branch.main/ref.json")

    text = message(lambda: open_repository(root))

    assert f"{root}/refs/branch.main/ref.json" in text
    assert message(lambda: open_store(root)) == text
    assert [it.message for it in verify(root).findings] == [text]
    Blobs(root).put("refs/branch.main/ref.json", b"{")
    assert "ref.json is damaged" in message(lambda: open_repository(root))
    Blobs(root).put("refs/branch.main/ref.json", f'{{"snapshot":"{version}"}}'.encode())
    assert open_store(root).version == version


@pytest.mark.services
def test_open_repository__in_a_bucket_names_what_a_killed_creation_left(s3):
    bucket = new_bucket(s3)
    root = f"s3://{bucket}/runs/one"
    s3.put_object(Bucket=bucket, Key=f"runs/one/snapshots/{FIRST_SNAPSHOT}", Body=b"x")
    s3.put_object(Bucket=bucket, Key="runs/one/.DS_Store", Body=b"x")

    text = message(lambda: open_repository(root))

    assert "got runs/one/.DS_Store, runs/one/snapshots/ in the bucket. Remove them" in text


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a file system needs root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path, left: int) -> None:
    """Fill a file system but for some bytes."""
    space = os.statvfs(disk)
    (disk / "filling").write_bytes(bytes(max(0, space.f_bavail * space.f_frsize - left)))


@pytest.mark.parametrize("left", [0, 4096, 8192, 16384])
def test_open_repository__disk_without_space_is_named_and_nothing_is_left(small_disk, left):
    fill(small_disk, left)

    text = message(lambda: open_repository(small_disk / "run"))

    assert f"{small_disk}/run" in text
    assert "No space left on device. Free space there" in text
    assert [path.name for path in small_disk.iterdir()] == ["filling"]
    (small_disk / "filling").unlink()
    assert publish_images(open_repository(small_disk / "run"))


@pytest.mark.parametrize("left", [0, 4096, 16384, 32768])
def test_publish__disk_without_space_loses_nothing(small_disk, left):
    root = small_disk / "run"

    def run(repository: Repository) -> None:
        with repository.held("a run"):
            publish_latents(repository)

    version = publish_images(open_repository(root))
    fill(small_disk, left)

    text = message(lambda: run(open_repository(root)))

    assert str(root) in text
    assert "No space left on device" in text
    assert "Free space there and run again" in text
    assert open_store(root).version == version
    assert verify(root).ok
    (small_disk / "filling").unlink()
    run(open_repository(root))
    assert verify(root).findings == ()


FULL_DISK = "session error: I/O error: No space left on device (os error 28)"


def full(error: Exception) -> Callable[..., object]:
    """A function that ends as one that writes to a full disk."""

    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("tempfile.TemporaryDirectory", OSError(ENOSPC, os.strerror(ENOSPC))),
        ("_initialise", icechunk.IcechunkError(FULL_DISK)),
    ],
)
def test_open_repository__names_a_full_disk(
    function: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"zpoints.storage.backend.location.{function}", full(error))

    text = message(lambda: open_repository(tmp_path / "run"))

    assert f"{tmp_path}/run" in text
    assert "No space left on device" in text
    assert "Free space there and run again" in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("work_branch.commit_once", icechunk.IcechunkError(FULL_DISK)),
        ("work_branch.commit_version", icechunk.IcechunkError(FULL_DISK)),
        ("backend.blobs.obstore.put", GenericError(FULL_DISK)),
    ],
)
def test_publish__names_a_full_disk_and_loses_nothing(
    repository: Repository,
    root: Path,
    function: str,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version = publish_images(repository)

    def run() -> None:
        with repository.held("a run"):
            publish_latents(repository)

    with monkeypatch.context() as patch:
        patch.setattr(f"zpoints.storage.{function}", full(error))
        text = message(run)

    assert str(root) in text
    assert "No space left on device" in text
    assert "Free space there and run again" in text
    assert open_store(root).version == version
    run()
    assert verify(root).findings == ()
