"""Keys in a bucket that are not paths: left out and counted, whatever else is there."""

import sys
from typing import Any

import obstore
import pytest

from tests.clouds import NewBucket, put_irregular
from tests.pipeline.ingest.photographs import annotations, contents, opened, small
from tests.s3 import new_bucket
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.files.path import source_path
from zpoints.storage.backend.buckets.bucket import Bucket, IrregularKeyError
from zpoints.storage.backend.buckets.irregular_keys import is_irregular
from zpoints.storage.backend.location import Location

IRREGULAR = {
    "an empty part": ["faces//1.jpg"],
    "an empty part in a folder": ["faces/a//1.jpg"],
    "an empty part at the end": ["faces/a/x//"],
    "two empty parts": ["faces///1.jpg", "faces/a//b//2.jpg"],
    "the folder above": ["faces/../1.jpg"],
    "the same folder": ["faces/./1.jpg"],
    "a name of dots": ["faces/a/.."],
    "a tabulator": ["faces/a/1\t.jpg"],
}
"""Keys that obstore cannot express; one of them fails a whole listing."""


@pytest.mark.parametrize("kind", IRREGULAR)
def test_open_source__irregular_keys_are_left_out_and_counted(kind: str, s3: Any) -> None:
    bucket, keys = new_bucket(s3), IRREGULAR[kind]
    table = b"file,Male\ntop.jpg,1\na/1.jpg,0\na/b/2.jpg,1\n"
    regular = {"top.jpg": small(0), "a/1.jpg": small(1), "a/b/2.jpg": small(2), "t.csv": table}
    for name, content in regular.items():
        s3.put_object(Bucket=bucket, Key=f"faces/{name}", Body=content)
    s3.put_object(Bucket=bucket, Key="faces/a/", Body=b"")  # marks the folder
    before = opened(source_path(f"s3://{bucket}/faces"))
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=small(9))

    source = opened(source_path(f"s3://{bucket}/faces"))

    assert source.names == before.names == ("a/1.jpg", "a/b/2.jpg", "top.jpg")
    assert source.signatures == before.signatures
    assert contents(source) == contents(before)
    assert annotations(source) == annotations(before)
    noun = "1 key" if len(keys) == 1 else f"{len(keys)} keys"
    assert source.notes == (
        f"{noun} left out, which an empty part (//), '.', '..' or a control character keeps from "
        f"being read, e.g. {min(keys)!r}; rename or delete these objects.",
        *before.notes,
    )


def test_open_source__a_bucket_with_irregular_keys_alone_holds_no_photographs(s3: Any) -> None:
    bucket = new_bucket(s3)
    s3.put_object(Bucket=bucket, Key="/1.jpg", Body=small(1))

    with pytest.raises(SourceError, match=r"no photographs.*1 key left out.*rename or delete"):
        opened(source_path(f"s3://{bucket}"))


@pytest.mark.parametrize("inside", ["a//b", "a/../b", "./b", "/a"])
def test_source_path__an_irregular_url_is_refused(inside: str) -> None:
    with pytest.raises(SourceError, match=r"has an empty part \(//\), '\.' or '\.\.'.*correct"):
        source_path(f"s3://bucket/faces/{inside}")
    assert is_irregular(inside)


def test_folder__names_the_irregular_key_and_the_remedy(s3: Any) -> None:
    bucket = new_bucket(s3)
    s3.put_object(Bucket=bucket, Key="faces//1.jpg", Body=small(1))

    with pytest.raises(IrregularKeyError, match=r"a key with an empty part.*Rename or delete"):
        Bucket("s3", bucket).folder("faces")


def test_exists__a_root_with_an_irregular_key_is_reached(s3: Any) -> None:
    bucket = new_bucket(s3)
    s3.put_object(Bucket=bucket, Key="run//1.jpg", Body=small(1))

    assert not Location.of(f"s3://{bucket}/run").exists()


@pytest.mark.parametrize("service", ["gs", "az"])
def test_open_source__irregular_keys_on_google_and_azure_are_left_out_and_counted(
    service: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    new: NewBucket = request.getfixturevalue(service)
    bucket = Bucket.of(new())
    place = f"{bucket}/faces"
    monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")  # the stand-in has no accounts
    regular = {"top.jpg": small(0), "a/1.jpg": small(1), "a/b/2.jpg": small(2)}
    for name, content in regular.items():
        obstore.put(bucket.objects("faces"), name, content)
    before = opened(source_path(place))
    keys = ["faces//1.jpg", "faces/a//b//2.jpg", "faces/a/1\t.jpg", "faces/a/x//3.jpg"]
    for key in keys:
        put_irregular(str(bucket), key, small(9))

    source = opened(source_path(place))

    assert source.names == before.names == ("a/1.jpg", "a/b/2.jpg", "top.jpg")
    assert source.signatures == before.signatures
    assert contents(source) == contents(before)
    assert source.notes[0].startswith("4 keys left out, which an empty part (//)")


def test_open_source__an_irregular_key_ends_with_the_remedy_without_pyarrow(
    gs: NewBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = gs()
    monkeypatch.setitem(sys.modules, "pyarrow.fs", None)
    put_irregular(bucket, "faces//1.jpg", small(1))

    with pytest.raises(IrregularKeyError, match=f"{bucket}/faces.*//.*Rename or delete"):
        opened(source_path(f"{bucket}/faces"))
