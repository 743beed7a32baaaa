"""Worker processes with TLS: two against one, and against threads for a run of the demo's size."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.benchmarks.measure import Figure, paired
from tests.cluster.compute.encoding import encode_store, noise_store
from tests.conftest import SilentConsole
from zpoints.cluster.compute.client import dask_client
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.storage import open_store

IMAGES, CHUNK = 12_000, 256
DEMO_FACES, WORKERS = 8_000, 2
OVERHEAD_SECONDS, LEAST = 20.0, 0.1
ZPOINTS = Path(sys.executable).with_name("zpoints")


def figures(faces: Path, scratch: Path) -> Iterator[Figure]:
    """Images per second of an encoding; seconds that processes add to a run."""
    yield _two_against_one(scratch / "noise")
    threads = _run_seconds(faces, scratch / "threads", "cluster.processes=false")
    processes = _run_seconds(faces, scratch / "processes", "cluster.processes=true")
    overhead = max(processes - threads, LEAST)
    yield Figure(
        name=f"seconds allowed / added by {WORKERS} processes, run of the demo without training",
        ours=overhead,
        peer=OVERHEAD_SECONDS,
        ratio=OVERHEAD_SECONDS / overhead,
        unit="s",
        floor=1.0,
    )


def _two_against_one(root: Path) -> Figure:
    noise_store(root, IMAGES, chunk=CHUNK)
    with _encoding(root, workers=2) as two, _encoding(root, workers=1) as one:
        return paired(
            "encoding with two workers / with one",
            two,
            one,
            work=IMAGES,
            unit="images/s",
            floor=1.6,
            rounds=3,
        )


@contextmanager
def _encoding(root: Path, *, workers: int) -> Iterator[Callable[[], object]]:
    """Encode a store again at every call, on worker processes that are already running."""
    names = (f"{workers}x{i}" for i in count())
    settings = (f"encode.chunk={CHUNK}", f"encode.batch={CHUNK}", "encode.device=cpu")
    config = ClusterConfig(workers=workers, processes=True)
    with dask_client(config, SilentConsole()) as client:
        client.wait_for_workers(workers)

        def encode() -> None:
            with client.as_current():
                encode_store(root, *settings, fingerprint=next(names))

        yield encode


def _run_seconds(faces: Path, root: Path, processes: str) -> float:
    """Seconds of a whole run without its training, started as a command."""
    settings = (
        f"ingest.source={faces}",
        f"ingest.limit={DEMO_FACES}",
        "train.epochs=1",
        f"cluster.workers={WORKERS}",
        processes,
    )
    chosen = [f"--set={setting}" for setting in settings]
    started = time.perf_counter()
    subprocess.run(
        [ZPOINTS, "run", "demo", "--root", root, *chosen], stdout=subprocess.DEVNULL, check=True
    )
    seconds = time.perf_counter() - started
    (trained,) = (v for v in open_store(str(root)).history() if v.metadata["stage"] == "train")
    return seconds - float(trained.metadata["duration"])
