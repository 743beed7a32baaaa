"""Runs with photographs and store in buckets, compared with runs on a disk."""

import json
import re
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import pytest
import xarray as xr
import yaml

from tests.cluster.cli.commands import zpoints
from tests.cluster.conftest import done
from tests.cluster.run.test_interruption import assert_same
from tests.conftest import SMALL, SilentConsole
from tests.forks import zpoints_fork
from tests.s3 import new_bucket, upload
from tests.waiting import wait_until
from zpoints.cluster.cli.demo import run_demo
from zpoints.cluster.cli.verify_store import verify_store
from zpoints.cluster.run import RunResult, run
from zpoints.cluster.run_plan import dry_run
from zpoints.pipeline.config.run import RunConfig, load_config, override
from zpoints.pipeline.stage_order import STAGES
from zpoints.storage import Store, StoreNotFoundError, export_group, open_repository, open_store
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.location import Location
from zpoints.storage.backend.run_lock import HOLDER
from zpoints.storage.work_branch import PREFIX

pytestmark = pytest.mark.services

MANY_CHUNKS = [
    "ingest.chunk=8",
    "train.epochs=1",
    "encode.chunk=8",
    "sample.count=160",
    "sample.chunk=8",
    "sample.generators={ellipse: {generator: ellipse}}",
]
"""Settings of stages that commit more than once, so that a kill can come in between."""


@pytest.fixture(scope="module")
def photographs(s3: Any, faces: Path) -> str:
    """Name of a bucket with the synthetic faces below tree/."""
    bucket = new_bucket(s3)
    upload(s3, faces, bucket, "tree")
    return bucket


@pytest.fixture(scope="module")
def runs(s3: Any) -> str:
    """Name of a bucket for stores."""
    return new_bucket(s3)


@pytest.fixture(scope="module")
def config(photographs: str, small_config: RunConfig) -> RunConfig:
    return override(small_config, [f"ingest.source=s3://{photographs}/tree"])


@pytest.fixture(scope="module")
def result(config: RunConfig, runs: str) -> RunResult:
    """A run in the bucket up to its samples; tests add versions to it."""
    return run(config, f"s3://{runs}/small", console=SilentConsole(), title="small", until="sample")


def test_run__in_buckets_gives_the_bytes_of_a_run_on_disk(
    result: RunResult, small_store: Store
) -> None:
    store = result.store

    assert store.sample_names == small_store.sample_names
    np.testing.assert_array_equal(store.images["pixels"], small_store.images["pixels"])
    np.testing.assert_array_equal(store.latents["z"], small_store.latents["z"])
    for name in small_store.sample_names:
        for variable in ("z", "v", "pixels"):
            np.testing.assert_array_equal(
                store.samples(name)[variable], small_store.samples(name)[variable]
            )
    assert Blobs(store.root).get(HOLDER) is None


def test_run_demo__runs_every_stage_in_a_bucket_with_local_faces(
    runs: str, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    few = ["train.epochs=1", "sample.generators={uniform: {generator: uniform}}"]
    config, root = load_config("demo", [*SMALL, *few]), f"s3://{runs}/demo"

    result = run_demo(config, root, count=160, console=SilentConsole())

    assert result.page == f"{root}/report/index.html"
    page = s3.get_object(Bucket=runs, Key="demo/report/index.html")
    shown = re.findall('src="(figures/[^"]+)"', page["Body"].read().decode())
    listed = s3.list_objects_v2(Bucket=runs, Prefix="demo/report/figures/")["Contents"]
    assert page["ContentType"] == "text/html"
    assert sorted(object_["Key"] for object_ in listed) == [
        f"demo/report/{x}"
        for x in sorted({*shown, "figures/points.jpg"})  # of points.html
    ]
    assert {outcome.stage for outcome in result.outcomes} == set(STAGES) - {"import", "sweep"}
    assert result.store.images.sizes["image"] == 160
    assert [path.name for path in Path("runs").iterdir()] == ["demo-faces"]
    on_faces = override(config, ["ingest.source=runs/demo-faces"])
    prospects = dry_run(on_faces, root, console=SilentConsole(), title="zpoints demo")
    assert {prospect.reason for prospect in prospects} == {""}


def test_run__in_buckets_is_up_to_date_the_second_time(
    result: RunResult, config: RunConfig
) -> None:
    root = result.store.root
    again = run(config, root, console=SilentConsole(), title="small", until="sample")

    assert done(again) == []
    prospects = dry_run(config, root, console=SilentConsole(), title="small", until="sample")
    assert {prospect.reason for prospect in prospects} == {""}


def test_run__in_buckets_is_verified_exported_grown_and_rolled_back(
    result: RunResult, config: RunConfig, s3: Any, photographs: str, faces: Path, tmp_path: Path
) -> None:
    root = result.store.root
    photograph = (faces / "img_align_celeba" / "000001.jpg").read_bytes()
    assert verify_store(root, sample=100, version=None, console=SilentConsole()).ok
    export_group(result.store, "latents", tmp_path / "latents.zarr")
    exported = xr.open_zarr(tmp_path / "latents.zarr")
    np.testing.assert_array_equal(exported["z"], result.store.latents["z"])

    s3.put_object(Bucket=photographs, Key="tree/img_align_celeba/000999.jpg", Body=photograph)
    console = SilentConsole()
    grown = run(config, root, console=console, title="small", until="analyze")

    assert done(grown) == ["images", "latents", "statistics"]
    assert "160 photographs stored already, 1 to be read." in console.lines
    np.testing.assert_array_equal(grown.store.latents["z"][:160], result.store.latents["z"])
    open_repository(root).rollback(result.store.version)
    back = open_store(root)
    assert back.latents.sizes["image"] == 160
    assert len(back.history()) == len(result.store.history())
    assert back.history()[0].stage == "rollback"


def test_run__killed_in_a_bucket_locks_others_out_until_its_lock_expires(
    config: RunConfig, runs: str, tmp_path: Path
) -> None:
    root = f"s3://{runs}/killed"
    file = tmp_path / "faces.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    arguments = ("run", file, "--root", root, "--until", "train")
    driver = zpoints_fork(*arguments, folder=tmp_path)
    wait_for_images(root)
    driver.send_signal(signal.SIGSTOP)

    second = zpoints(*arguments, folder=tmp_path)
    driver.kill()
    expire_lock(root)
    third = zpoints(*arguments, folder=tmp_path)

    assert second.returncode == 3
    assert f"process {driver.pid} on" in second.stderr
    assert "its lock expires at" in second.stderr
    assert third.returncode == 0, third.stderr
    assert "1 up to date, 1 to run: model" in third.stdout
    assert open_store(root).is_current("model")


def test_run__killed_inside_stages_in_a_bucket_ends_with_the_same_bytes(
    config: RunConfig, runs: str, tmp_path: Path
) -> None:
    config = override(config, MANY_CHUNKS)
    undisturbed, root = str(tmp_path / "undisturbed"), f"s3://{runs}/killed-inside"
    expected = run(config, undisturbed, console=SilentConsole(), title="t", until="sample").store
    file = tmp_path / "faces.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    arguments = ("run", file, "--root", root, "--until", "sample")

    for stage in ("ingest", "encode", "sample"):
        driver = zpoints_fork(*arguments, folder=tmp_path)
        wait_until(lambda s=stage: unfinished(root) == s, f"part of {stage}")
        driver.kill()
        assert unfinished(root) == stage
        expire_lock(root)
    last = zpoints(*arguments, folder=tmp_path)

    assert last.returncode == 0, last.stderr
    assert_same(open_store(root), expected)


def unfinished(root: str) -> str:
    """The stage of which the store holds some chunks on a branch; empty if there is none."""
    with suppress(StoreNotFoundError, icechunk.IcechunkError):
        repository = Location.of(root).open()
        for branch in repository.list_branches():
            tip = repository.lookup_snapshot(repository.lookup_branch(branch))
            if branch.startswith(PREFIX) and " blocks of " in tip.message:
                return tip.message.partition(":")[0]
    return ""


def wait_for_images(root: str) -> None:
    """Wait until a run in another process has published its first stage."""

    def published() -> bool:
        with suppress(StoreNotFoundError):
            return open_store(root).fingerprint("images") is not None
        return False

    wait_until(published, "images")


def expire_lock(root: str) -> None:
    """Let the lock of a killed run expire, without waiting for its 90 s."""
    blobs = Blobs(root)
    claim = json.loads(blobs.get(HOLDER) or b"{}")
    blobs.put(HOLDER, json.dumps({**claim, "until": time.time() - 1}).encode())
