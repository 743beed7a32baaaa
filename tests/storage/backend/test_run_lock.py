"""The lock of a run: what its record states about the run that holds it."""

import json
from pathlib import Path

import pytest

from zpoints.storage import StoreLockedError, open_repository
from zpoints.storage.backend.location import Location
from zpoints.storage.backend.run_lock import HOLDER, run_lock

FACTS = {"pid": 7, "host": "node7", "since": "today", "purpose": "zpoints run celeba"}


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (json.dumps(FACTS), "Another run (zpoints run celeba, process 7 on node7, since today) is"),
        (json.dumps({**FACTS, "purpose": "\x1b[2Jx\ny"}), "Another run (x y, process 7 on node7"),
        (json.dumps({**FACTS, "later": "field"}), "Another run (zpoints run celeba, process 7"),
        (json.dumps({**FACTS, "pid": "7"}), "Another run is working on"),
        (json.dumps({**FACTS, "until": 1e300}), "Another run is working on"),
        ('{"pid": 7}', "Another run is working on"),
        ("[" * 100_000, "Another run is working on"),
        ("[]", "Another run is working on"),
        ("", "Another run is working on"),
    ],
)
def test_run_lock__a_record_of_any_content_gives_a_message(
    content: str, shown: str, tmp_path: Path
) -> None:
    root = open_repository(tmp_path / "store").root
    with run_lock(Location(root), "another run"):
        (tmp_path / "store" / HOLDER).write_text(content)
        with pytest.raises(StoreLockedError) as caught, run_lock(Location(root), "mine"):
            pass

    assert shown in str(caught.value)
    assert "\x1b" not in str(caught.value)
