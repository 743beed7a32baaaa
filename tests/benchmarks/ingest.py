"""The ingest stage with its store against a bare loop that decodes, crops and resizes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from tests.benchmarks.measure import Figure, paired
from tests.conftest import WORKER, SilentConsole
from zpoints.cluster.compute.client import dask_client
from zpoints.cluster.compute.executor import ClusterExecutor
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.ingest.prepare import open_photographs, prepare
from zpoints.pipeline.ingest.stage import ingest
from zpoints.pipeline.stage_run import StageRun
from zpoints.storage import open_repository

CROP, SIDE, CORES = 140, 64, 2


def figures(faces: Path, scratch: Path) -> Iterator[Figure]:
    """Photographs per second, on two cores each."""
    config = override(RunConfig(), [f"ingest.source={faces}"])
    source = open_photographs(config.ingest, config.source, SilentConsole())
    plan = prepare(source, config.ingest, config.source, None)
    names = plan.source.names
    roots = (str(scratch / f"ingest-{i}") for i in count())

    def ours() -> None:
        repository = open_repository(next(roots), executor=ClusterExecutor())
        work = repository.begin(stage="ingest", fingerprint="bench", groups=("images",))
        run = StageRun(
            settings=config.ingest,
            store=repository.store(),
            work=work,
            console=SilentConsole(),
            worker=WORKER,
        )
        ingest(run, plan=plan, strict=False)
        work.publish(message="bench", rows=len(names))

    def bare() -> None:
        with ThreadPoolExecutor(CORES) as pool:
            list(pool.map(_cut, [faces / "img_align_celeba" / name for name in names]))

    with dask_client(ClusterConfig(workers=CORES), SilentConsole()):
        yield paired(
            "ingest / bare decode-crop-resize",
            ours,
            bare,
            work=len(names),
            unit="photographs/s",
            floor=0.9,
        )


def _cut(path: Path) -> np.ndarray:
    left, top = (178 - CROP) // 2, (218 - CROP) // 2
    with Image.open(path) as image:
        box = (left, top, left + CROP, top + CROP)
        return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box))
