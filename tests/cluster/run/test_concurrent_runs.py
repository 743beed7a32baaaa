"""Four processes rerun one store at the same time, while another one reads it."""

import shutil
import threading
import time
from pathlib import Path

import pytest
import yaml

from tests.forks import script, zpoints_fork
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.storage import open_store

pytestmark = pytest.mark.services

READER = """
import sys, time
import numpy as np
from zpoints.storage import open_store

reads = 0
while True:
    store = open_store(sys.argv[1])
    assert np.isfinite(store.statistics["mean"].values).all()
    for name in store.sample_names:
        assert np.isfinite(store.samples(name)["z"].values).all(), name
    reads += 1
    print(reads, store.version, flush=True)
    time.sleep(0.2)
"""


def test_run__four_at_once_publish_each_version_once(
    small_config: RunConfig, small_root: str, tmp_path: Path
) -> None:
    config, root = tmp_path / "small.yaml", shutil.copytree(small_root, tmp_path / "store")
    changed = override(small_config, ["analyze.bins=60"])
    config.write_text(yaml.safe_dump(changed.model_dump(mode="json")))
    before = open_store(root)
    published = len(before.history())
    reader = script(READER, root)
    codes: list[list[int]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=_run_until_free, args=(config, root, own)) for own in codes]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    reader.terminate()
    versions_read = [line.split()[1] for line in reader.communicate(timeout=30)[0].splitlines()]

    assert all(own[-1] == 0 for own in codes), codes
    assert {code for own in codes for code in own} == {0, 3}
    store = open_store(root)
    history = store.history()
    new = history[: len(history) - published]
    samples = [f"samples/{name}" for name in before.sample_names]
    made = [version.metadata["group"] for version in new]
    assert {"statistics", *samples} <= set(made)
    assert len(made) == len(set(made))
    assert [v.metadata["revision"] for v in history] == list(range(len(history), 0, -1))
    assert all(store.is_current(group) for group in made)
    assert versions_read
    assert set(versions_read) <= {version.id for version in history}, versions_read


def _run_until_free(config: Path, root: Path, codes: list[int]) -> None:
    """Run until no other run uses the store."""
    while not codes or codes[-1] == 3:
        arguments = ("run", config, "--root", root, "--until", "sample")
        process = zpoints_fork(*arguments, folder=config.parent)
        process.communicate()
        codes.append(process.returncode)
        time.sleep(1)
