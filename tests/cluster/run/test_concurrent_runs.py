"""Four processes rerun one store at once, while readers look on."""

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml

from tests.cluster.cli.commands import ZPOINTS
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.storage import open_store

pytestmark = pytest.mark.services

LOOK = """
import sys, time
import numpy as np
from zpoints.storage import open_store

looks = 0
while True:
    store = open_store(sys.argv[1])
    assert np.isfinite(store.statistics["mean"].values).all()
    for name in store.sample_names:
        assert np.isfinite(store.samples(name)["z"].values).all(), name
    looks += 1
    print(looks, store.version, flush=True)
    time.sleep(0.2)
"""


def test_run__four_at_once_lose_nothing_and_publish_each_version_once(
    small_config: RunConfig, small_root: str, tmp_path: Path
) -> None:
    config, root = tmp_path / "small.yaml", shutil.copytree(small_root, tmp_path / "store")
    changed = override(small_config, ["analyze.bins=60"])
    config.write_text(yaml.safe_dump(changed.model_dump(mode="json")))
    before = open_store(root)
    published = len(before.history())
    look = [sys.executable, "-W", "error", "-c", LOOK, str(root)]
    reader = subprocess.Popen(look, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    codes: list[list[int]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=_again, args=(config, root, seen)) for seen in codes]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    reader.terminate()
    looks = [line.split()[1] for line in reader.communicate(timeout=30)[0].splitlines()]

    assert all(seen[-1] == 0 for seen in codes), codes
    assert {code for seen in codes for code in seen} == {0, 3}
    store = open_store(root)
    history = store.history()
    new = history[: len(history) - published]
    samples = [f"samples/{name}" for name in before.sample_names]
    made = [version.metadata["group"] for version in new]
    assert {"statistics", *samples} <= set(made)
    assert len(made) == len(set(made))
    assert [v.metadata["revision"] for v in history] == list(range(len(history), 0, -1))
    assert all(store.is_current(group) for group in made)
    assert looks
    assert set(looks) <= {version.id for version in history}, looks


def _again(config: Path, root: Path, codes: list[int]) -> None:
    """Run until nobody else is at work."""
    command = [str(ZPOINTS), "run", str(config), "--root", str(root), "--until", "sample"]
    while not codes or codes[-1] == 3:
        codes.append(subprocess.run(command, capture_output=True, check=False).returncode)
        time.sleep(3)
