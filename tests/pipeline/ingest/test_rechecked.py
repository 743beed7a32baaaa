"""Checksums of touched files next to the versions: read as data, or taken for none."""

import pytest

from zpoints.pipeline.ingest.match_stored import pack_rechecked, unpack_rechecked


def test_unpack_rechecked__is_what_was_packed() -> None:
    rechecked = {"000001.jpg": ("12-34", 2**32 - 1)}

    assert unpack_rechecked(pack_rechecked(rechecked)) == rechecked
    assert unpack_rechecked(None) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"a": ["s", "1"]}',
        b'{"a": ["s", 1, 2]}',
        b'{"a": [1, 1]}',
        b'{"a": ["s", 1.5]}',
        b'{"a": ["s", true]}',
        b'{"a": "sn"}',
    ],
)
def test_unpack_rechecked__of_other_content_is_empty(content: bytes) -> None:
    assert unpack_rechecked(content) == {}
