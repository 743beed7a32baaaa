"""Sources in a bucket: every format read as on a disk, and errors of the bucket."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.pipeline.ingest.photographs import (
    NAMES,
    annotations,
    celeba_tree,
    contents,
    kaggle_tree,
    opened,
    small,
    write_small,
    zipped,
)
from tests.pipeline.ingest.test_parquet import images, write
from tests.s3 import new_bucket, server_that_checks_signatures, upload
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.bucket import BLOCK, BucketPath
from zpoints.pipeline.ingest.files.path import source_path
from zpoints.pipeline.ingest.images import read_block
from zpoints.pipeline.ingest.sources.formats import open_source
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.storage import ObjectStoreError


@pytest.fixture
def bucket(s3: Any) -> str:
    """Name of an empty bucket."""
    return new_bucket(s3)


def opened_in_bucket(url: str, **config: Any) -> Source:
    return open_source(source_path(url), SourceConfig(**config))


def torchvision_tree(home: Path) -> Path:
    celeba_tree(home / "celeba")
    return home


def shards(home: Path) -> Path:
    for stem, rows in {
        "train-00000-of-00001": range(4),
        "test-00000-of-00001": range(4, 6),
    }.items():
        write(
            home / "data" / f"{stem}.parquet",
            {"image": images(rows), "Smiling": pa.array([n % 2 == 1 for n in rows])},
        )
    return home


def nested_folder(home: Path) -> Path:
    write_small(home, [f"{part}/{name}" for part in ("a", "b/c d", "b/ü#1") for name in NAMES[:2]])
    rows = [f"{path.relative_to(home)},{n % 2}" for n, path in enumerate(home.rglob("*.jpg"))]
    (home / "labels.csv").write_text("file,Smiling\n" + "\n".join(rows) + "\n")
    (home / "notes.md").write_text("not a photograph")
    (home / ".hidden.jpg").write_bytes(b"")
    return home


TREES = {
    "celeba": celeba_tree,
    "archive": lambda home: zipped(celeba_tree(home / "tree")),
    "torchvision": torchvision_tree,
    "kaggle": kaggle_tree,
    "parquet": shards,
    "folder": nested_folder,
}


@pytest.mark.parametrize("format", TREES)
def test_open_source__a_bucket_gives_what_the_disk_gives(
    format: str, s3: Any, bucket: str, tmp_path: Path
) -> None:
    tree = TREES[format](tmp_path)
    upload(s3, tree, bucket, "faces/all")
    on_disk = opened(tree)

    source = opened_in_bucket(f"s3://{bucket}/faces/all")

    assert source.format == on_disk.format
    assert source.why == on_disk.why.replace(str(tree), f"s3://{bucket}/faces/all")
    assert source.names == on_disk.names
    assert contents(source) == contents(on_disk)
    assert annotations(source) == annotations(on_disk)
    assert [note.replace(f"s3://{bucket}/faces/all", str(tree)) for note in source.notes] == list(
        on_disk.notes
    )
    assert contents(pickle.loads(pickle.dumps(source))) == contents(source)


@pytest.mark.parametrize(
    ("format", "inside"),
    [("celeba", "img_align_celeba"), ("kaggle", "img_align_celeba/img_align_celeba")],
)
def test_open_source__the_folder_of_photographs_finds_the_annotations_next_to_it(
    format: str, inside: str, s3: Any, bucket: str, tmp_path: Path
) -> None:
    upload(s3, TREES[format](tmp_path), bucket)

    source = opened_in_bucket(f"s3://{bucket}/{inside}/")

    assert annotations(source) == annotations(opened_in_bucket(f"s3://{bucket}"))
    assert "Smiling" in source.labels


def test_signatures__change_with_the_content_alone(s3: Any, bucket: str, tmp_path: Path) -> None:
    write_small(tmp_path, NAMES)
    upload(s3, tmp_path, bucket)
    before = opened_in_bucket(f"s3://{bucket}")
    upload(s3, tmp_path, bucket)
    s3.put_object(Bucket=bucket, Key=NAMES[2], Body=small(17))

    after = opened_in_bucket(f"s3://{bucket}")

    changed = np.flatnonzero(np.array(before.signatures) != np.array(after.signatures))
    assert changed.tolist() == [2]
    with pytest.raises(ObjectStoreError, match=f"{NAMES[2]} has changed since it was listed"):
        before.files.read(before.keys[2])


def test_read__a_photograph_that_no_longer_exists_is_an_error(
    s3: Any, bucket: str, tmp_path: Path
) -> None:
    write_small(tmp_path, NAMES)
    upload(s3, tmp_path, bucket)
    source = opened_in_bucket(f"s3://{bucket}")
    s3.delete_object(Bucket=bucket, Key=NAMES[0])

    with pytest.raises(SourceError, match=rf"s3://{bucket}/{NAMES[0]} no longer exists"):
        contents(source)


def test_read_block__reads_ahead_in_order(s3: Any, bucket: str, tmp_path: Path) -> None:
    names = [f"{number:03d}.jpg" for number in range(40)]
    write_small(tmp_path, names[:20])
    upload(s3, tmp_path, bucket)
    s3.put_object(Bucket=bucket, Key=names[7], Body=b"")
    upload(s3, tmp_path, bucket, "more")

    source = opened_in_bucket(f"s3://{bucket}")
    block = read_block(source.files, source.keys, crop=None, side=32, channels=3)

    on_disk = opened(tmp_path)
    expected = read_block(on_disk.files, on_disk.keys, crop=None, side=32, channels=3)
    assert block["fault"].tolist().count("") == 39
    assert block["fault"][7].startswith("the file is empty")
    np.testing.assert_array_equal(block["checksum"][20:], expected["checksum"])


def test_list_zip__an_archive_larger_than_a_block_is_read_in_parts(
    s3: Any, bucket: str, tmp_path: Path
) -> None:
    rng, members = np.random.default_rng(0), {}
    with zipfile.ZipFile(tmp_path / "img_align_celeba.zip", "w") as archive:
        for name in NAMES:
            members[name] = rng.bytes(BLOCK // 2 + 17)
            archive.writestr(name, members[name])
    upload(s3, tmp_path, bucket)

    source = opened_in_bucket(f"s3://{bucket}/img_align_celeba.zip")

    assert dict(zip(source.names, contents(source), strict=True)) == members


def test_open_source__labels_may_be_elsewhere(s3: Any, bucket: str, tmp_path: Path) -> None:
    write_small(tmp_path / "photos", NAMES)
    table = tmp_path / "labels.csv"
    table.write_text("file,Male\n" + "".join(f"{name},1\n" for name in NAMES))
    upload(s3, tmp_path, bucket)
    photographs = f"s3://{bucket}/photos"

    for place in (table, f"s3://{bucket}/labels.csv"):
        source = opened_in_bucket(photographs, labels=str(place), format="folder")
        assert source.labels["Male"].all()


@pytest.mark.parametrize(
    ("url", "environment", "message"),
    [
        ("s3://nobody/faces", {}, "there is no such bucket. Create it"),
        ("s3://BUCKET/none", {}, "does not exist"),
        ("s3://", {}, "names no bucket"),
        ("s3://BUCKET/faces", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "does not answer"),
        ("s3://BUCKET/faces", {"AWS_ALLOW_HTTP": ""}, "AWS_ALLOW_HTTP=true"),
    ],
)
def test_open_source__names_the_reason_for_an_unreadable_bucket(
    url: str,
    environment: dict[str, str],
    message: str,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises((ObjectStoreError, SourceError)) as refused:
        opened_in_bucket(url.replace("BUCKET", bucket))

    assert message in str(refused.value)
    assert "testing" not in str(refused.value)  # the secret key


def test_open_source__denied_access_names_the_permission() -> None:
    with server_that_checks_signatures(), pytest.raises(ObjectStoreError) as refused:
        opened_in_bucket("s3://bucket/faces")

    assert "the credentials are not valid. Correct AWS_ACCESS_KEY_ID" in str(refused.value)


def test_s3_path__travels_without_its_listings(s3: Any, bucket: str, tmp_path: Path) -> None:
    write_small(tmp_path, NAMES)
    upload(s3, tmp_path, bucket)
    place = BucketPath.of(f"s3://{bucket}")
    assert len(place.files()) == len(NAMES)

    assert len(pickle.dumps(place)) < 300
    assert pickle.loads(pickle.dumps(place / NAMES[0])) == place / NAMES[0]
