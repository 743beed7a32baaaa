"""Draw the pictures of docs/explanation/figures.md from the demo's store: python docs/pictures.py

They are committed, since a build of the pages draws nothing: WebP of about 30 kB each.
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import zpoints as zp

FOLDER = Path(__file__).parent / "explanation" / "pictures"
WIDTH = 900  # pixels: the column of a page
SHOWN = ("ellipse", "radial_mixture", "gaussian", "uniform")
"""Samples that stand for all where a picture of each would be long."""
QUALITY = 72  # of WebP, percent
PICTURES: dict[str, Callable[[Any], Any]] = {
    "loss": zp.pl.loss,
    "reconstructions": zp.pl.reconstructions,
    "spectrum": zp.pl.spectrum,
    "histogram": lambda store: zp.pl.histogram(store, [0, 1, 2, 3]),
    "intervals": zp.pl.intervals,
    "claims": zp.pl.claims,
    "radii": zp.pl.radii,
    "mahalanobis": zp.pl.mahalanobis,
    "correlation": zp.pl.correlation,
    "variance": zp.pl.variance,
    "densities": zp.pl.densities,
    "pairs": lambda store: zp.pl.pairs(store, (0, 1), color="Smiling"),
    "generators": lambda store: zp.pl.generators(
        store, {name: store.samples(name) for name in SHOWN}, principal=True
    ),
    "drawn_points": lambda store: zp.pl.drawn_points(store, "ellipse"),
    "probes": zp.pl.probes,
    "clusters": zp.pl.clusters,
    "angles": zp.pl.angles,
    "paths": lambda store: zp.pl.paths(
        np.stack([store.decode(store.walk(i, i + 1, steps=8)) for i in range(0, 6, 2)])
    ),
    "quality": lambda store: zp.pl.quality(store, ["merit", "face_rate", "precision", "recall"]),
    "strips": lambda store: zp.pl.strips({name: store.samples(name) for name in SHOWN}),
    "answers": zp.pl.answers,
}
"""The call that draws each picture, by the name of its figure."""


def main() -> None:
    """Draw all pictures, or those that are named."""
    FOLDER.mkdir(exist_ok=True)
    store = zp.open("runs/demo")
    for name in sys.argv[1:] or PICTURES:
        written = io.BytesIO()
        PICTURES[name](store).savefig(written, format="png")
        image = Image.open(written).convert("RGB")
        image.thumbnail((WIDTH, 4 * WIDTH), Image.Resampling.LANCZOS)
        image.save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
