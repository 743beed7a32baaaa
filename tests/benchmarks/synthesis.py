"""A whole tree of synthetic faces against one thread that renders and encodes the same faces."""

import io
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from PIL import Image

from tests.benchmarks.measure import Figure, paired
from zpoints.pipeline.synthesize import draw_factors, render, synthesize
from zpoints.pipeline.synthesize.tree import QUALITY

FACES, BATCH = 1000, 50


def figures(scratch: Path) -> Iterator[Figure]:
    """Faces per second; zpoints uses all cores, and also writes annotations and files."""
    factors = draw_factors(FACES, seed=0)
    trees = (scratch / f"tree-{i}" for i in count())

    def bare() -> None:
        for start in range(0, FACES, BATCH):
            for face in render(factors[start : start + BATCH]):
                Image.fromarray(face).save(io.BytesIO(), "JPEG", quality=QUALITY)

    yield paired(
        "synthesize on all cores / render and JPEG in one thread",
        lambda: synthesize(next(trees), count=FACES),
        bare,
        work=FACES,
        unit="images/s",
        floor=1.2,
    )
