"""Vectors from a `.npy` to the report, against the same analysis by NumPy and scikit-learn.

A separate process imports the vectors, and prints its seconds, CPU seconds and peak memory:

    python -m tests.benchmarks.vectors vectors.npy ROOT [SETTING...]

`python -m tests.benchmarks.vectors write vectors.npy` writes the vectors.
"""

import json
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from tests.benchmarks.measure import Figure, peak_gib
from tests.conftest import SilentConsole
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import load_config
from zpoints.pipeline.structure.clusters import MOST_STEPS

ROWS, WIDTH, BLOCK = 200_000, 512, 10_000
BINS, CLUSTERS, FITTED, PARTS = 100, 10, 10_000, 5
LIMIT_GIB = 2.0


def figures(scratch: Path) -> Iterator[Figure]:
    """Vectors per second from the file to the report, and GiB at the peak."""
    file = scratch / "vectors.npy"
    write(file, ROWS)
    ours, _, peak = _in_new_process(file, scratch / "vectors")
    started = time.perf_counter()
    by_hand(file)
    peer = time.perf_counter() - started
    yield Figure(
        name=f"{ROWS:,} x {WIDTH} vectors to the report / a part of it by NumPy, scikit-learn",
        ours=ROWS / ours,
        peer=ROWS / peer,
        ratio=peer / ours,
        unit="vectors/s",
        floor=0.5,
    )
    yield Figure(
        name=f"memory limit / peak, {ROWS:,} x {WIDTH} vectors to the report",
        ours=peak,
        peer=LIMIT_GIB,
        ratio=LIMIT_GIB / peak,
        unit="GiB",
        floor=1.0,
    )


def write(file: Path, rows: int) -> None:
    """Write correlated, heavy-tailed float32 vectors with a falling spectrum, off the centre."""
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((WIDTH, WIDTH)))[0]
    mixing = (axes * 3 * np.arange(1, WIDTH + 1) ** -0.6).T.astype(np.float32)
    centre = (1.5 * rng.standard_normal(WIDTH) * (rng.random(WIDTH) < 0.05)).astype(np.float32)
    written = np.lib.format.open_memmap(file, "w+", np.float32, (rows, WIDTH))
    for start in range(0, rows, BLOCK):
        normal = rng.standard_normal((min(BLOCK, rows - start), WIDTH), dtype=np.float32)
        stretch = np.sqrt(12 / rng.chisquare(12, (len(normal), 1))).astype(np.float32)
        written[start : start + BLOCK] = (normal * stretch) @ mixing + centre
    written.flush()


def by_hand(file: Path) -> None:
    """Moments, PCA, histograms, k-means from one start, and a mixture; no store and no figures."""
    z = np.load(file)
    wide = z.astype(np.float64)
    mean, covariance = wide.mean(axis=0), np.cov(wide, rowvar=False)
    variance, axes = np.linalg.eigh(covariance)
    for component in (*wide.T, *((wide - mean) @ axes).T):
        np.histogram(component, bins=BINS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        KMeans(CLUSTERS, n_init=1, max_iter=MOST_STEPS, random_state=0).fit(z)
        some = z[:: ROWS // FITTED].astype(np.float64)
        white = ((some - mean) @ axes / np.sqrt(variance)).astype(np.float32)
        GaussianMixture(PARTS, reg_covar=0.01, max_iter=30, random_state=0).fit(white)


def _in_new_process(file: Path, root: Path) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "tests.benchmarks.vectors", str(file), str(root)]
    return tuple(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))


def measure(file: str, root: str, *settings: str) -> tuple[float, float, float]:
    """Seconds, CPU seconds, and the peak of this process in GiB, of an import to the report."""
    config = load_config("vectors", [f"ingest.vectors={file}", *settings])
    started = time.perf_counter()
    run(config, root, console=SilentConsole(), title="vectors")
    seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return seconds, usage.ru_utime + usage.ru_stime, peak_gib()


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]), ROWS)
    else:
        print(json.dumps(measure(*sys.argv[1:])))  # noqa: T201
