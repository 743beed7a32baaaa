"""A package that is installed into a fresh folder adds its parts to a whole run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage.data import lfw_subset

from tests.cluster.cli.commands import ZPOINTS
from zpoints.storage import open_store

PLUGIN = Path(__file__).parents[2] / "plugin"
CONFIG = """
ingest: {crop: null, side: 32, channels: 1}
train: {z_dim: 8, epochs: 1, batch: 16, threads: 1, log: json_lines}
analyze: {selections: {}}
sweep:
  enabled: true
  count: 20
  neighbours: 2
  generator: shell
  grid: {radius: [0.5, 2]}
sample:
  count: 24
  generators:
    shell: {generator: shell, radius: 1.5}
evaluate: {count: 20, neighbours: 2, detector: none}
cluster: {workers: 1}
"""
DRAW = """
import json
import zpoints_shell, zpoints as zp
store = zp.open("store")
z = zp.draw("shell", store.statistics, 5, radius=3.0).z
print(json.dumps([z.shape, "scatter" in dir(zp.pl), len(zp.pl.scatter(store).axes),
                  list(store.compare("all").columns)]))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables of processes that see the package, installed without a network."""
    folder = tmp_path_factory.mktemp("site")
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "zpoints_shell.py"):
        (copy / name).write_text((PLUGIN / name).read_text())
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--no-build-isolation", "--target", folder, copy], check=True)
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


def called(
    program: str | Path, *arguments: str, folder: Path, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments], cwd=folder, env=env, text=True, capture_output=True
    )


@pytest.mark.slow
def test_run__knows_the_parts_of_an_installed_package(
    environment: dict[str, str], tmp_path: Path
) -> None:
    faces = (lfw_subset()[:100] * 255).astype(np.uint8).repeat(2, 1).repeat(2, 2)
    np.save(tmp_path / "faces.npy", faces)
    (tmp_path / "small.yaml").write_text(CONFIG)

    done = called(
        ZPOINTS,
        *("run", "small.yaml", "--root", "store", "--set", "ingest.source=faces.npy"),
        folder=tmp_path,
        env=environment,
    )

    assert done.returncode == 0, done.stderr
    assert "faces.npy, 100 photographs." in done.stdout
    left_out = [line for line in done.stderr.splitlines() if "zpoints-shell 1.0" in line]
    assert len(left_out) == 2, done.stderr
    assert "generator 'ellipse', which is left out: the name exists already" in left_out[0]
    assert "measure 'absent', which is left out: zpoints_shell_absent:NOTHING" in left_out[1]
    page = (tmp_path / "store" / "report" / "index.html").read_text()
    for text in ("shell", "contrast", "{in pixel values}", "&lt;all&gt; vectors", "zpoints-shell"):
        assert text in page

    (log,) = (tmp_path / "store" / "logs").glob("*/epochs.jsonl")
    assert json.loads(log.read_text())["epoch"] == 1

    # Without the package, the store stays readable, and its measures carry their meaning.
    store = open_store(tmp_path / "store")
    quality = store.quality("shell")
    assert quality["contrast"].attrs["long_name"] == "mean of contrast_of_image"
    assert quality["contrast"] == pytest.approx(quality["contrast_of_image"].values.mean())
    gap = store.samples("shell")["pixels"][:20].values.mean() - faces.mean()
    assert float(quality["brightness_gap"]) == pytest.approx(gap, abs=20)

    assert store.sweep["radius"].values.tolist() == [0.5, 2]
    assert store.sweep["radius"].attrs["long_name"] == "Mahalanobis radius of every vector."
    assert np.isfinite(store.sweep["round_trip"]).all()
    assert store.sweep["pixels"].shape == (2, store.sweep.attrs["count"], 32, 32, 1)

    drawn = called(sys.executable, "-c", DRAW, folder=tmp_path, env=environment)
    shape, listed, axes, columns = json.loads(drawn.stdout)
    assert (shape, listed, axes) == ([5, 8], True, 1)
    assert {"contrast", "brightness_gap_error"} <= set(columns)


def test_config__lists_the_parts_of_an_installed_package(
    environment: dict[str, str], tmp_path: Path
) -> None:
    shown = called(ZPOINTS, "config", folder=tmp_path, env=environment)

    assert "shell (zpoints-shell 1.0)" in shown.stdout
    assert "array (zpoints-shell 1.0)" in shown.stdout
    assert "mlflow, json_lines (zpoints-shell 1.0)" in shown.stdout


@pytest.mark.slow
def test_config__has_the_parts_of_an_installed_package_in_its_schema(
    environment: dict[str, str], tmp_path: Path
) -> None:
    printed = called(ZPOINTS, "config", "--schema", folder=tmp_path, env=environment)

    schema = json.loads(printed.stdout)
    parameters = schema["$defs"]["Shell"]["properties"]
    assert parameters["radius"]["description"] == "Mahalanobis radius of every vector."
    assert "shell" in schema["$defs"]["SweepConfig"]["properties"]["generator"]["enum"]
    assert "array" in schema["$defs"]["SourceConfig"]["properties"]["format"]["enum"]
    assert "json_lines" in schema["$defs"]["TrainConfig"]["properties"]["log"]["anyOf"][0]["enum"]
