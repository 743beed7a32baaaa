"""Stores near a place that has none: the message names them."""

from pathlib import Path
from typing import Any

import pytest

from tests.s3 import new_bucket
from zpoints.storage import StoreNotFoundError, open_repository, open_store
from zpoints.storage.backend.buckets.bucket import Bucket
from zpoints.storage.backend.location import Location
from zpoints.storage.errors import PlaceError


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("", r"It contains 2 stores: \S+/runs/celeba, \S+/runs/demo\. Name one\."),
        ("runs", r"It contains 2 stores: \S+/runs/celeba, "),
        ("runs/dmeo", r"Did you mean \S+/runs/demo\?"),
        ("runs/demo/refs", r"It is a part of the store \S+/runs/demo; name that\."),
        ("runs/other", r"`zpoints run CONFIG --root \S+/runs/other` creates one\."),
    ],
)
def test_open_store__names_the_stores_nearby(place: str, message: str, tmp_path: Path) -> None:
    for name in ("demo", "celeba"):
        open_repository(tmp_path / "runs" / name)
    (tmp_path / "runs" / "notes").mkdir()

    with pytest.raises(StoreNotFoundError, match=message):
        open_store(tmp_path / place)


def test_open_store__names_the_stores_below_a_prefix(s3: Any) -> None:
    bucket = new_bucket(s3)
    open_repository(f"s3://{bucket}/runs/demo")
    s3.put_object(Bucket=bucket, Key="runs/faces/1.jpg", Body=b"123")

    with pytest.raises(StoreNotFoundError, match=r"1 store: s3://\S+/runs/demo\. Name it\."):
        open_store(f"s3://{bucket}/runs")
    assert Bucket("s3", bucket).size("runs/faces") == 3


def test_refuse_other_files__leaves_a_free_place_alone(tmp_path: Path) -> None:
    open_repository(tmp_path / "store")
    (tmp_path / "file").touch()

    for free in ("absent", "store"):
        Location.of(tmp_path / free).refuse_other_files()
    with pytest.raises(PlaceError, match=r"it is a file\)\. Name another one with --root"):
        Location.of(tmp_path / "file").refuse_other_files()
    with pytest.raises(PlaceError, match="not empty: file, store"):
        Location.of(tmp_path).refuse_other_files()
