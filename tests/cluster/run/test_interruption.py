"""Runs that are killed at any moment or started twice: real processes and signals."""

import contextlib
import json
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.conftest import SMALL, SilentConsole
from tests.forks import Fork, zpoints_fork
from tests.synthetic_faces import draw_faces
from tests.waiting import random_delays
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.storage import Store, open_store
from zpoints.storage.backend.run_lock import HOLDER

pytestmark = pytest.mark.services

STAGES = ("ingest", "train", "encode", "analyze", "structure", "sample")
END_LINES = {
    "ingest": "images: ",
    "train": "model: ",
    "encode": "latents: ",
    "analyze": "statistics: ",
    "structure": "structure: ",
    "sample": "samples/ellipse: ",
}
"""Start of the line that reports the end of a stage."""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    """A run with enough work to be killed in each stage."""
    folder = tmp_path_factory.mktemp("faces") / "tree"
    draw_faces(folder, count=700, seed=2)
    larger = ["ingest.chunk=16", "encode.chunk=16", "sample.count=600", "train.epochs=1"]
    small = override(RunConfig(), [f"ingest.source={folder}", *SMALL, *larger])
    generators = {name: small.sample.generators[name] for name in ("uniform", "ellipse")}
    sample = small.sample.model_copy(update={"generators": generators})
    return small.model_copy(update={"sample": sample})


@pytest.fixture(scope="module")
def undisturbed(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = str(tmp_path_factory.mktemp("undisturbed") / "store")
    return run(config, root, console=SilentConsole(), title="t", until="sample").store


@pytest.fixture
def command(config: RunConfig, tmp_path: Path) -> list[str]:
    path = tmp_path / "faces.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    return ["run", str(path), "--root", str(tmp_path / "store"), "--until", "sample"]


def start(command: list[str]) -> Fork:
    return zpoints_fork(*command, folder=Path.cwd())


def holds(holder: Path, pid: int) -> bool:
    """Whether a process holds the lock of the store, and so starts its work."""
    with contextlib.suppress(OSError, ValueError):
        return bool(json.loads(holder.read_text())["pid"] == pid)
    return False


def kill_in(stage: str, command: list[str], seconds: float) -> None:
    """Kill a run ``seconds`` after the start of a stage."""
    process = start(command)
    index = STAGES.index(stage)
    if index == 0:
        holder = Path(command[command.index("--root") + 1], HOLDER)
        while process.returncode is None and not holds(holder, process.pid):
            time.sleep(0.02)
    else:
        for line in process.stdout:
            if line.strip().startswith(END_LINES[STAGES[index - 1]]):
                break
    time.sleep(seconds)
    process.kill()


def assert_complete(root: Path) -> None:
    """Assert that a reader sees complete stages only."""
    store = open_store(root)
    for group in store.groups:
        assert store.is_current(group)
    if "latents" in store.groups:
        assert np.isfinite(store.latents["z"].values).all()
        assert store.latents.sizes["image"] == store.images.sizes["image"]


def assert_same(store: Store, other: Store) -> None:
    assert store.groups == other.groups
    for group in store.groups:
        for name, expected in other.group(group).variables.items():
            np.testing.assert_array_equal(
                store.group(group)[name].values, expected.values, err_msg=f"{group}/{name}"
            )


def test_run__killed_at_any_moment_ends_with_the_same_bytes(
    command: list[str], undisturbed: Store, tmp_path: Path
) -> None:
    moment = random_delays()
    for stage in STAGES:
        kill_in(stage, command, moment.uniform(0, 0.8))
        assert_complete(tmp_path / "store")

    last = start(command)
    output = last.communicate()[0]

    assert last.returncode == 0, output
    assert_same(open_store(tmp_path / "store"), undisturbed)


def test_run__killed_while_growing_ends_with_the_same_bytes(
    command: list[str], config: RunConfig, undisturbed: Store, tmp_path: Path
) -> None:
    roots = [tmp_path / "store", tmp_path / "undisturbed"]
    for root in roots:
        shutil.copytree(undisturbed.root, root)
    assert config.ingest.source is not None
    grown = shutil.copytree(config.ingest.source, tmp_path / "tree")
    for path in sorted((grown / "img_align_celeba").iterdir())[:200]:
        shutil.copy2(path, path.with_name(f"x{path.name}"))
    command = [*command, "--set", f"ingest.source={grown}"]
    moment = random_delays()
    growing = override(config, [f"ingest.source={grown}"])
    expected = run(growing, str(roots[1]), console=SilentConsole(), title="t", until="sample").store

    for seconds in (moment.uniform(0, 0.4), moment.uniform(0.4, 0.8), moment.uniform(0.8, 1.6)):
        kill_in("ingest", command, seconds)
    last = start(command)
    output = last.communicate()[0]

    assert last.returncode == 0, output
    assert_same(open_store(roots[0]), expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run__ends_within_seconds_on_a_signal_and_explains_how_to_continue(
    number: signal.Signals, command: list[str], undisturbed: Store, tmp_path: Path
) -> None:
    process = start(command)
    for line in process.stdout:
        if "] images: " in line:
            break
    time.sleep(0.3)
    signalled = time.monotonic()
    process.send_signal(number)
    output = process.communicate(30)[0]

    assert time.monotonic() - signalled < 10
    assert process.returncode == 128 + number, output
    assert "The same command continues" in output
    assert "Traceback" not in output
    assert open_store(tmp_path / "store").groups == ("images",)


def test_run__a_second_run_names_the_first_and_ends(command: list[str], tmp_path: Path) -> None:
    first = start(command)
    for line in first.stdout:
        if " to run: " in line:
            break

    second = start(command)
    output = second.communicate(60)[0]
    first.kill()

    assert second.returncode == 3
    assert f"process {first.pid} on" in output
    assert "zpoints run faces" in output
    third = start([*command, "--until", "ingest"])
    output = third.communicate(60)[0]
    assert third.returncode == 0, output
