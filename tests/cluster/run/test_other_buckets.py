"""Runs with photographs and store in buckets of Google's and Azure's protocols."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.clouds import put_folder
from tests.cluster.cli.commands import zpoints
from tests.cluster.conftest import done
from tests.cluster.run.test_bucket import MANY_CHUNKS, expire_lock, unfinished
from tests.conftest import SilentConsole
from tests.forks import zpoints_fork
from tests.waiting import wait_until
from zpoints.cluster.cli.verify_store import verify_store
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.storage import Store, open_store

pytestmark = pytest.mark.services


@pytest.mark.parametrize("scheme", ["gs", "az"])
def test_run__killed_in_a_bucket_resumes_publishes_and_is_verified(
    scheme: str,
    request: pytest.FixtureRequest,
    faces: Path,
    small_config: RunConfig,
    small_store: Store,
    tmp_path: Path,
) -> None:
    bucket = request.getfixturevalue(scheme)()
    put_folder(faces, bucket, "tree")
    config = override(small_config, [f"ingest.source={bucket}/tree", *MANY_CHUNKS[:1]])
    root, file = f"{bucket}/runs/small", tmp_path / "faces.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    arguments = ("run", file, "--root", root, "--until", "encode")

    driver = zpoints_fork(*arguments, folder=tmp_path)
    wait_until(lambda: unfinished(root) == "ingest", "part of the photographs")
    driver.kill()
    expire_lock(root)
    last = zpoints(*arguments, folder=tmp_path)

    assert last.returncode == 0, last.stderr
    store = open_store(root)
    np.testing.assert_array_equal(store.images["pixels"], small_store.images["pixels"])
    np.testing.assert_array_equal(store.latents["z"], small_store.latents["z"])
    again = run(config, root, console=SilentConsole(), title="faces", until="encode")
    assert done(again) == []
    assert verify_store(root, sample=100, version=None, console=SilentConsole()).ok
