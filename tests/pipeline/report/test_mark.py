"""The mark of a complete report: read as data, or taken for none."""

import json
from pathlib import Path
from typing import Any

import pytest

from zpoints.pipeline.report.mark import report_mark

SOUND = {"fingerprint": "f", "version": "V", "report": {"faces": 8}, "title": "Faces"}


def mark_with(content: bytes, folder: Path) -> dict[str, Any]:
    (folder / "index.html").touch()
    (folder / "report.json").write_bytes(content)
    return report_mark(folder)


def test_report_mark__is_what_was_written(tmp_path: Path) -> None:
    assert report_mark(tmp_path) == {}
    assert mark_with(json.dumps(SOUND).encode(), tmp_path) == SOUND


def test_report_mark__has_no_control_characters(tmp_path: Path) -> None:
    content = json.dumps({**SOUND, "title": "\x1b[2JFaces\n<b>"}).encode()

    assert mark_with(content, tmp_path)["title"] == "Faces <b>"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        json.dumps({**SOUND, "title": 3}).encode(),
        json.dumps({**SOUND, "report": []}).encode(),
        json.dumps({**SOUND, "fingerprint": {}}).encode(),
    ],
)
def test_report_mark__of_other_content_counts_as_none(content: bytes, tmp_path: Path) -> None:
    assert mark_with(content, tmp_path) == {}
