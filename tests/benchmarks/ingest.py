"""The ingest stage, store included, against a bare loop that only decodes, crops and resizes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from cluster.connect import dask_client
from pipeline.cluster_config import ClusterConfig
from pipeline.config import RunConfig, override
from pipeline.ingest.plan import plan_ingest
from pipeline.ingest.stage import configured_source, ingest
from pipeline.stage import StageRun
from storage import open_repository
from tests.benchmarks.measure import Figure, paired
from tests.conftest import WORKER, SilentConsole

CROP, SIDE, CORES = 140, 64, 2


def figures(faces: Path, scratch: Path) -> Iterator[Figure]:
    """Photographs per second, on two cores each."""
    config = override(RunConfig(), [f"ingest.source={faces}"])
    plan = plan_ingest(configured_source(config), config.ingest, config.source, None, None)
    names = plan.source.names
    roots = (str(scratch / f"ingest-{i}") for i in count())

    def ours() -> None:
        repository = open_repository(next(roots))
        work = repository.begin(stage="ingest", fingerprint="bench", groups=("images",))
        run = StageRun(
            config=config,
            store=repository.store(),
            work=work,
            console=SilentConsole(),
            worker=WORKER,
        )
        ingest(run, plan=plan)
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
