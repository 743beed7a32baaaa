"""A package that adds a generator, two measures, a reader of photographs, a figure and a log.

Its `pyproject.toml` names them as entry points. One has the name of a generator of zpoints, and one
cannot be imported; both are left out.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from PIL import Image
from pydantic import Field

from zpoints.pipeline.evaluate.estimate import Estimate, jackknife
from zpoints.pipeline.evaluate.inputs import Batch, Comparison
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.parts.generator import Floats, Generator, require_spread
from zpoints.pipeline.parts.training_log import Epoch, Outcome, Training
from zpoints.storage.schema.quality import Measure, PerImage


class Shell(Generator):
    """Vectors at one Mahalanobis radius."""

    generator: Literal["shell"] = "shell"
    radius: float = Field(2.0, gt=0, description="Mahalanobis radius of every vector.")

    def fit(self, statistics: xr.Dataset, latents: xr.Dataset | None = None) -> "ShellSampler":
        """Take the standard deviations of the principal components."""
        require_spread(statistics, self.generator)
        return ShellSampler(np.sqrt(statistics["explained_variance"].values), self.radius)


@dataclass(frozen=True)
class ShellSampler:
    """Uniform directions, scaled by the standard deviations (pc,)."""

    deviation: Floats
    radius: float
    space: ClassVar[Literal["z", "pc"]] = "pc"

    @property
    def constraint(self) -> str:
        """The condition that every vector satisfies."""
        return f"Mahalanobis radius {self.radius:g}"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), pc)."""
        v = rng.standard_normal((len(samples), len(self.deviation)))
        return self.radius * self.deviation * v / np.linalg.norm(v, axis=1, keepdims=True)


CONTRAST = Measure(
    name="contrast",
    file=__name__,
    meaning="mean of contrast_of_image",
    per_image=PerImage("contrast_of_image", "float32", "standard deviation of the pixels"),
    better="equal",
    heading="contrast",
    reading="standard deviation of the pixels, averaged over the images.",
)
BRIGHTNESS_GAP = Measure(
    name="brightness_gap",
    file=__name__,
    meaning="mean pixel of the judged images minus that of the photographs",
    better="equal",
    heading="gap",
    reading="how much brighter the images are than the photographs, {in pixel values}.",
)


def measure_images(batch: Batch) -> dict[str, np.ndarray]:
    """`contrast_of_image`, float (sample)."""
    return {"contrast_of_image": batch.images.std(axis=(1, 2, 3))}


def measure_set(comparison: Comparison) -> dict[str, Estimate]:
    """`brightness_gap`, with its error."""
    means = [images.mean(axis=(1, 2, 3)) for images in comparison.images()]
    return {"brightness_gap": jackknife(lambda x, y: y.mean() - x.mean(), *means)}


@dataclass(frozen=True)
class ArrayFiles:
    """Images of a `.npy` file, uint8 (image, y, x), as PNG."""

    path: str
    at_once: ClassVar[int] = 1

    def read(self, key: str) -> bytes:
        """The image of a number."""
        png = BytesIO()
        Image.fromarray(np.load(self.path, mmap_mode="r")[int(key)]).save(png, "png")
        return png.getvalue()


def read_array(path: SourcePath, config: SourceConfig) -> Source | None:
    """Read a `.npy` file of images; None for other paths."""
    if not isinstance(path, Path) or path.suffix != ".npy":
        return None
    numbers = [str(number) for number in range(len(np.load(path, mmap_mode="r")))]
    names = tuple(f"{number}.png" for number in numbers)
    return Source(
        format="array",
        why=f"found images in {path}",
        files=ArrayFiles(str(path)),
        names=names,
        keys=tuple(numbers),
        signatures=tuple(f"{path.stat().st_mtime_ns}" for _ in names),
        labels=pd.DataFrame(index=pd.Index(names)),
        landmarks=None,
        notes=(),
        refused=(),
    )


def scatter(store: object) -> Figure:
    """The first two components of <all> vectors."""
    z = store.latents.z[:, :2].values  # type: ignore[attr-defined]
    figure = Figure(figsize=(4, 4))
    figure.subplots().plot(*z.T, ".")
    return figure


class JsonLines:
    """A training log: a file with a line of JSON per epoch."""

    def begin(self, training: Training, finished: Sequence[Epoch]) -> str:
        """Begin the file with the epochs that are over."""
        training.folder.mkdir(parents=True, exist_ok=True)
        self.path = training.folder / "epochs.jsonl"
        self.path.write_text("")
        for epoch in finished:
            self.record(epoch)
        return str(self.path)

    def record(self, epoch: Epoch) -> None:
        """Add a line."""
        with self.path.open("a") as file:
            file.write(json.dumps({"epoch": epoch.epoch, **epoch.curves}) + "\n")

    def end(self, outcome: Outcome) -> None:
        """Leave the file as it is."""
