"""Stores travel between installations whose libraries differ, such as both majors of Icechunk.

`make test-latest` names the other installation, that of `make test`.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.storage.conftest import publish_images, publish_latents, vectors
from zpoints.storage import open_repository, open_store
from zpoints.storage.verify.store import verify

OTHER = os.environ.get("ZPOINTS_OTHER_PYTHON", "")

PUBLISHES = """
import sys
from pathlib import Path
from tests.storage.conftest import publish_images, publish_latents
from zpoints.storage import open_repository
repository = open_repository(Path(sys.argv[1]))
publish_images(repository, 8)
publish_latents(repository, 8)
"""

READS = """
import sys
from zpoints.storage import open_store
from zpoints.storage.verify.store import verify
store = open_store(sys.argv[1])
print(store.version, len(store.history()), float(store.latents.z.values.sum()))
print(*verify(sys.argv[1]).findings)
"""

pytestmark = pytest.mark.skipif(not OTHER, reason="make test-latest names another installation")


def other(code: str, root: Path) -> list[str]:
    """The lines that a script prints in the other installation."""
    command = [OTHER, "-W", "error", "-c", code, str(root)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return done.stdout.splitlines()


def test_open_store__written_elsewhere_is_read_and_continued(root: Path) -> None:
    other(PUBLISHES, root)
    repository = open_repository(root)

    version = publish_latents(repository, 8, "bb", values=2 * vectors(8))

    assert verify(root).findings == ()
    np.testing.assert_array_equal(open_store(root).latents.z.values, 2 * vectors(8))
    expected = f"{version} 3 {float((2 * vectors(8)).sum())}"
    assert other(READS, root) == [expected, ""]


def test_open_store__written_here_is_read_and_continued_elsewhere(root: Path) -> None:
    repository = open_repository(root)
    publish_images(repository, 8)
    publish_latents(repository, 8, "bb")

    other(PUBLISHES, root)

    assert verify(root).findings == ()
    assert len(open_store(root).history()) == 4
    np.testing.assert_array_equal(open_store(root).latents.z.values, vectors(8))
