"""Four processes rerun one store at once, while readers look on."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import yaml

from cluster.run import run
from pipeline.config import RunConfig
from storage import open_store
from tests.cluster.commands import ZPOINTS
from tests.conftest import SilentConsole

LOOK = """
import sys, time
import numpy as np
from storage import open_store

looks = 0
while True:
    store = open_store(sys.argv[1])
    for group in store.groups:
        assert store.is_current(group), group
    if "latents" in store.groups:
        assert np.isfinite(store.latents["z"].values).all()
        assert store.latents.sizes["image"] == store.images.sizes["image"]
    looks += 1
    print(looks, store.version, flush=True)
    time.sleep(0.2)
"""


def test_run__four_at_once_lose_nothing_and_publish_each_version_once(
    small_config: RunConfig, tmp_path: Path
) -> None:
    config, root = tmp_path / "small.yaml", tmp_path / "store"
    config.write_text(yaml.safe_dump(small_config.model_dump(mode="json")))
    run(small_config, str(root), console=SilentConsole(), title="t", until="ingest")
    look = [sys.executable, "-W", "error", "-c", LOOK, str(root)]
    reader = subprocess.Popen(look, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    codes: list[list[int]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=_again, args=(config, root, seen)) for seen in codes]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    reader.terminate()
    looks = reader.communicate(timeout=30)[0].splitlines()

    assert all(seen[-1] == 0 for seen in codes), codes
    assert {code for seen in codes for code in seen} == {0, 3}
    store = open_store(root)
    history = store.history()
    assert [version.metadata["revision"] for version in history] == list(range(len(history), 0, -1))
    made = [version.metadata["group"] for version in history]
    assert len(made) == len(set(made)) == len(store.groups) == 4
    assert looks
    assert {look.split()[1] for look in looks} <= {version.id for version in history}, looks[-3:]


def _again(config: Path, root: Path, codes: list[int]) -> None:
    """Run until nobody else is at work."""
    command = [str(ZPOINTS), "run", str(config), "--root", str(root), "--until", "analyze"]
    while not codes or codes[-1] == 3:
        codes.append(subprocess.run(command, capture_output=True, check=False).returncode)
        time.sleep(4)
