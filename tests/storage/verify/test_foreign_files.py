"""Files of other programs in the root of a store: they are named, and nothing else changes."""

from pathlib import Path

import pytest

from tests.s3 import new_bucket
from tests.storage.conftest import (
    begin,
    latent_template,
    publish_images,
    publish_latents,
    vectors,
)
from zpoints.cluster.jobs.record import Jobs
from zpoints.storage import StoreError, open_repository, open_store
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.verify.store import verify

FOLDERS = (
    *("", "jobs", "jobs/20260101-000000-abcd"),
    *("refs", "refs/branch.main", "refs/branch.other", "refs/tag.other", "refs/tag"),
    *("chunks", "manifests", "snapshots", "transactions"),
)
FOREIGN = {
    ".DS_Store": b"\0\0\0\1Bud1",
    "Thumbs.db": b"\xd0\xcf",
    "._ref.json": b"\0\5\26\7",
    "ref.json~": b'{"snapshot":',
    ".ref.json.swp": b"b0VIM",
    "#ref.json#": b"",
    "empty": b"",
    "a folder/inner": b"x",
    "1CECHNKREP0F1RSTCMT0 (copy)": b"x",
}
UNNAMED = ("jobs/20260101-000000-abcd",)
"""Folders of which zpoints reads files by name; others in them are not reported."""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder or "root")
def test_store__files_of_other_programs_are_named_and_kept(repository, root, folder):
    older = publish_images(repository)
    publish_latents(repository)
    for name, content in FOREIGN.items():
        path = root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    assert [version.stage for version in open_store(root).history()] == ["encode", "ingest"]
    assert (open_store(root).latents.z.values == vectors(8)).all()
    assert Jobs(str(root)).all() == []
    with repository.held("a run"):
        publish_latents(open_repository(root), 9, "bb")
    open_repository(root).rollback(older)
    assert len(open_store(root).history()) == 4
    verification = verify(root)
    assert verification.ok
    named = " ".join(finding.message for finding in verification.findings)
    assert ("left by another program" in named) == (folder not in UNNAMED)
    for name, content in FOREIGN.items():
        assert (root / folder / name).read_bytes() == content


@pytest.mark.services
def test_store__in_a_bucket_files_of_other_programs_are_named_and_kept(s3):
    bucket = new_bucket(s3)
    root = f"s3://{bucket}/runs/one"
    repository = open_repository(root)
    publish_images(repository)
    keys = [
        f"runs/one/{folder}/{name}".replace("//", "/") for folder in FOLDERS for name in FOREIGN
    ]
    for key in (*keys, "runs/one/refs/", "runs/one/chunks/"):  # as consoles make folders
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")

    assert [version.stage for version in open_store(root).history()] == ["ingest"]
    with repository.held("a run"):
        publish_latents(repository)
    assert len(open_store(root).history()) == 2
    assert Jobs(root).all() == []
    [note] = verify(root).findings
    assert note.kind == "note"
    assert "and 92 more: left by another program" in note.message
    for key in keys:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"x"


def test_verify__names_foreign_files_on_one_line(repository, root):
    publish_images(repository)
    (root / "refs" / "a\nname \x1b[31m").write_bytes(b"")

    [note] = verify(root).findings

    assert note.kind == "note"
    assert note.message.startswith("refs/a name : left by another program")


def test_publish__removes_checkpoints_only(repository, root):
    work = begin(repository)
    work.save_checkpoint(b"state")
    Blobs(str(root)).put("checkpoints/.DS_Store", b"x")
    work.create("latents", latent_template(8).compute())

    work.publish(message="encoded", rows=8)

    assert [path.name for path in (root / "checkpoints").iterdir()] == [".DS_Store"]


def test_open_repository__names_what_lies_in_the_folder(tmp_path: Path):
    (tmp_path / ".DS_Store").write_bytes(b"")

    with pytest.raises(
        StoreError, match=r"new or empty folder \(Directory not empty: \.DS_Store\)"
    ):
        open_repository(tmp_path)
