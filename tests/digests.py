"""Prints a digest of every array that a small fixed-seed run and its growth store.

    python -m tests.digests > before.txt

Draws 650 synthetic faces, runs every stage on the first 600 of them and again when the other 50
have arrived, and prints a line `night group/variable dtype shape sha256` per stored array. Two
commits that compute the same results print the same lines on the same machine. It takes three
minutes on two cores.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.conftest import SilentConsole
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.synthesize import synthesize
from zpoints.storage import Store

FIRST, MORE = 600, 50
TIME = 1_700_000_000_000_000_000
NOT_RESULTS = {"model/epoch_seconds"}
"""Variables that measure the machine, not the data."""
SETTINGS = [
    "ingest.side=32",
    "ingest.chunk=128",
    "train.z_dim=64",
    "train.epochs=3",
    "train.batch=32",
    "encode.chunk=128",
    "analyze.selections={smiling: Smiling and not Male}",
    "sample.count=64",
    "sample.chunk=32",
    "sample.generators={uniform: {generator: uniform}, gaussian: {generator: gaussian}, "
    "multivariate_normal: {generator: multivariate_normal}, "
    "ellipse: {generator: ellipse, K: 40}, "
    "ellipse_uniform: {generator: ellipse, K: 40, law: uniform}, "
    "ellipse_normal: {generator: ellipse, K: 40, law: normal, core: true}, "
    "ellipse_original: {generator: ellipse_original}, ellipsoid: {generator: ellipsoid}, "
    "elliptical: {generator: elliptical}, "
    "gaussian_mixture: {generator: gaussian_mixture, parts: 2, vectors: 400}, "
    "radial_mixture: {generator: radial_mixture, radius: 0.35}, "
    "flow: {generator: flow, epochs: 3}, neighbours: {generator: neighbours}, "
    "conditional: {generator: conditional, selection: smiling}, "
    "grid: {generator: grid, axes: [0, 1], points: 3}, path: {generator: path, points: 8}}",
    "evaluate.count=64",
    "sweep.enabled=true",
    "sweep.grid={law: [pairwise, uniform, normal], K: [20, 40], fact: [0.6, 0.8]}",
    "sweep.count=50",
    "report.scatter_points=100",
    "report.uniform_vectors=10000",
]


def digests(store: Store) -> Iterator[str]:
    """A line per stored array of a version: name, dtype, shape, SHA-256 of its values."""
    for group in sorted(store.groups):
        for name, variable in sorted(store.group(group).variables.items()):
            if f"{group}/{name}" not in NOT_RESULTS:
                values = np.asarray(variable.values)
                yield f"{group}/{name} {values.dtype} {values.shape} {_digest(values)}"


def _digest(values: np.ndarray) -> str:
    text = values.dtype.kind in "OTU"
    content = "\0".join(map(str, values.ravel())).encode() if text else values.tobytes()
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    """Run both nights and print the digests."""
    with tempfile.TemporaryDirectory() as folder:
        everything, tree = Path(folder) / "everything", Path(folder) / "tree"
        synthesize(everything, count=FIRST + MORE, seed=15)
        photographs = sorted((everything / "img_align_celeba").iterdir())
        shutil.copytree(everything, tree, ignore=shutil.ignore_patterns("img_align_celeba"))
        (tree / "img_align_celeba").mkdir()
        config = override(RunConfig(), [f"ingest.source={tree}", *SETTINGS])
        for night, arrived in (("first", photographs[:FIRST]), ("growth", photographs[FIRST:])):
            for photograph in arrived:
                copied = shutil.copy2(photograph, tree / "img_align_celeba")
                os.utime(copied, ns=(TIME, TIME))  # stored as part of an image's signature
            result = run(config, f"{folder}/store", console=SilentConsole(), title="digests")
            for line in digests(result.store):
                sys.stdout.write(f"{night} {line}\n")


if __name__ == "__main__":
    main()
