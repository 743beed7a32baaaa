"""The mean face, repeated, and noise win nothing: decoded, encoded again and judged as any row.

The network is linear, the principal components of the pixels of synthetic faces, so that it
reconstructs them without training.
"""

from dataclasses import dataclass, field

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from PIL import Image
from sklearn.decomposition import PCA

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.evaluate.config import EvaluateConfig
from zpoints.pipeline.evaluate.dispatch import average, measure_images, measure_set, set_files
from zpoints.pipeline.evaluate.inputs import Batch, Comparison
from zpoints.pipeline.evaluate.measure_table import measured_by
from zpoints.pipeline.evaluate.merit import by_merit, memorises, merits, sound
from zpoints.pipeline.evaluate.recommendation import recommend
from zpoints.pipeline.report.tables.quality import quality
from zpoints.pipeline.sample import draw
from zpoints.pipeline.synthesize.factors import draw_factors
from zpoints.pipeline.synthesize.render.scene import render

CONFIG = EvaluateConfig(detector="face")
MEASURES = measured_by(CONFIG, images=True)
SIDE, COMPONENTS, JUDGED, TRAINED = 32, 40, 100, 400
SENSIBLE = ("multivariate_normal", "elliptical")
BAD = ("collapsed", "noise")


def photographs(count: int) -> NDArray[np.uint8]:
    """Synthetic faces, uint8 (image, y, x, channel)."""
    faces = render(draw_factors(count, seed=5))[:, 39:179, 19:159]
    return np.stack([np.asarray(Image.fromarray(face).resize((SIDE, SIDE))) for face in faces])


@dataclass
class Judge:
    """Judges vectors against held-out photographs, as the stage does."""

    images: NDArray[np.uint8]
    kept: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pca = PCA(COMPONENTS, svd_solver="randomized", random_state=0)
        self.pca.fit(self._pixels(self.images[2 * JUDGED :]))
        self.z = self.encode(self.images)
        self.reference, self.other = self.z[:JUDGED], self.z[JUDGED : 2 * JUDGED]
        self.training = self.z[2 * JUDGED :]
        self.statistics = analyze(da.from_array(self.training, chunks=(200, -1)))

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.pca.transform(self._pixels(images)).astype(np.float32)

    def decode(self, z: NDArray) -> NDArray[np.uint8]:
        flat = np.clip(np.rint(self.pca.inverse_transform(z)), 0, 255)
        return flat.astype(np.uint8).reshape(-1, SIDE, SIDE, 3)

    def _pixels(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        return images.reshape(len(images), -1).astype(np.float64)

    def judged(self, z: NDArray, images: NDArray[np.uint8] | None = None) -> xr.Dataset:
        """Quality of given photographs, or of the images that vectors decode to."""
        shown = self.decode(z) if images is None else images
        batch = Batch(
            config=CONFIG,
            statistics=self.statistics,
            z=z.astype(np.float32),
            images=shown,
            reencoded=self.encode(shown),
            decoded=images is None,
        )
        comparison = Comparison(
            config=CONFIG,
            latents=lambda: (self.reference, batch.reencoded),
            images=lambda: (self.images[:JUDGED], shown),
            statistics=self.statistics,
            training=lambda: [self.training],
            kept=self.kept,
        )
        found = average(measure_images(batch, MEASURES), MEASURES)
        for file in set_files(MEASURES):
            found |= measure_set(file, comparison)
        scalars = {key: value for key, value in found.items() if key != "swd_by_level"}
        return xr.Dataset(scalars, attrs={"count": len(z), "detector": "face"})


@pytest.fixture(scope="module")
def table() -> dict[str, xr.Dataset]:
    """Rows of a table: references, sensible laws, copies, and what must not win."""
    judge, rng = Judge(photographs(2 * JUDGED + TRAINED)), np.random.default_rng(0)
    mean, jitter = judge.training.mean(axis=0), rng.normal(size=(2, JUDGED, COMPONENTS))
    rows = {
        "collapsed": judge.judged(mean + 1e-3 * jitter[0]),
        "noise": judge.judged(12 * judge.z.std() * rng.uniform(-1, 1, (JUDGED, COMPONENTS))),
        "copies": judge.judged(judge.training[:JUDGED] + 10 * jitter[1]),
        "real": judge.judged(judge.other, judge.images[JUDGED : 2 * JUDGED]),
        "reconstruction": judge.judged(judge.other),
    }
    for law in SENSIBLE:
        rows[law] = judge.judged(draw(law, judge.statistics, JUDGED)["z"].values)
    return rows


def test_quality__the_mean_face_and_noise_have_no_bold_cell(table) -> None:
    rows = quality(table, by_merit(table)).rows
    bold = {str(row[0]): sum("<strong>" in str(cell) for cell in row) for row in rows}

    assert bold["collapsed"] == bold["noise"] == bold["copies (memorises)"] == 0
    assert max(bold[name] for name in SENSIBLE) > 5


def test_by_merit__ranks_the_mean_face_and_noise_last(table) -> None:
    found = merits(table)

    assert set(by_merit(table)[-3:]) == {*BAD, "copies"}
    assert max(found[name].value for name in BAD) < 0.2
    assert found["reconstruction"].value > 0.8
    assert not set(BAD) & (sound(table) | {one.name for one in recommend(table)})


def test_memorises__near_copies_of_training_vectors_alone(table) -> None:
    assert [name for name in table if memorises(table[name], table["real"])] == ["copies"]
    assert table["copies"]["memorisation"] < 0.5


def test_measures__see_what_is_wrong_with_the_mean_face_and_with_noise(table) -> None:
    for name in ("variance_ratio", "pair_distance", "image_variance", "image_pair_distance"):
        assert table["collapsed"][name] < 0.1
        assert table["noise"][name] > 1.3
        assert abs(table["real"][name] - 1) < 4 * table["real"][f"{name}_error"]
    assert table["collapsed"]["recall"] == 0
    assert table["noise"]["precision"] == 0
