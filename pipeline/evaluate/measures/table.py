"""The measures of a whole set: generated against real, each one task."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.evaluate.config import EvaluateConfig
from zpoints.pipeline.evaluate.measures.estimate import Estimate, mean_estimate, share_estimate
from zpoints.pipeline.evaluate.measures.frechet import frechet
from zpoints.pipeline.evaluate.measures.inception import inception_features
from zpoints.pipeline.evaluate.measures.neighbours import neighbourhoods
from zpoints.pipeline.evaluate.measures.sliced_wasserstein import sliced_wasserstein
from zpoints.pipeline.evaluate.measures.two_sample import two_sample_test
from zpoints.pipeline.evaluate.subject import Subject

Measured = Mapping[str, float | list[float]]
Task = Callable[[NDArray[np.float32]], Measured]
"""Takes the subject's images encoded again, float32 (sample, component)."""


@dataclass(frozen=True)
class Comparison:
    """A subject and the photographs that it is compared with, in equal numbers."""

    config: EvaluateConfig
    subject: Subject
    reference: Subject

    def tasks(self) -> list[Task]:
        """One per measure."""
        chosen: list[Task] = [self.patches, self.gaussians, self.neighbours, self.classifier]
        return [*chosen, self.inception] if self.config.inception else chosen

    def patches(self, reencoded: NDArray[np.float32]) -> Measured:
        """Sliced Wasserstein distance of the images."""
        images = [s.all_images(self.config.device) for s in (self.reference, self.subject)]
        swd, by_level = sliced_wasserstein(images[0], images[1], self.config.seed)
        return {**_named("swd", swd), "swd_by_level": by_level}

    def gaussians(self, reencoded: NDArray[np.float32]) -> Measured:
        """Frechet distance of the latents."""
        with single_threaded_blas():
            return _named("frechet", frechet(*self._latents(reencoded)))

    def neighbours(self, reencoded: NDArray[np.float32]) -> Measured:
        """Precision, recall, density and coverage of the latents."""
        with single_threaded_blas():
            found = neighbourhoods(*self._latents(reencoded), self.config.neighbours)
        return {key: value for name in found for key, value in _named(name, found[name]).items()}

    def classifier(self, reencoded: NDArray[np.float32]) -> Measured:
        """Classifier two-sample test on the latents."""
        return _named("c2st", two_sample_test(*self._latents(reencoded), self.config.seed))

    def inception(self, reencoded: NDArray[np.float32]) -> Measured:
        """Frechet distance of Inception features of the images."""
        assert self.config.inception is not None
        features = [
            inception_features(self.config.inception, s.all_images(self.config.device))
            for s in (self.reference, self.subject)
        ]
        with single_threaded_blas():
            return _named("fid", frechet(*features))

    def _latents(self, reencoded: NDArray[np.float32]) -> tuple[NDArray, NDArray]:
        """Latents of the reference and of the subject, without vectors that are not finite."""
        return self.reference.vectors(0, len(self.reference.rows)), _finite(reencoded)


def per_sample_measures(samples: Mapping[str, np.ndarray]) -> Measured:
    """Means of what was said of each sample by itself; see `Subject.judge`."""
    return {
        **_named("face_rate", share_estimate(samples["face_found"])),
        **_named("round_trip", mean_estimate(samples["round_trip_distance"])),
        **_named("mahalanobis", mean_estimate(samples["mahalanobis_radius"])),
        **_named("violations", mean_estimate(samples["violated_pairs"])),
    }


def _named(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_error": estimate.error}


def _finite(z: NDArray[np.float32]) -> NDArray[np.float32]:
    return z[np.isfinite(z).all(axis=1)]
