"""Differences between two versions of a store."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.compare.drift import (
    frechet_distance,
    kullback_leibler,
    mahalanobis_distance,
    principal_angles,
    relative_frobenius,
)
from zpoints.pipeline.labels.labels import Labels
from zpoints.storage import Store, StoreNotFoundError, open_store
from zpoints.storage.labels.splits import SPLITS
from zpoints.storage.schema.provenance import provenance_of, were_imported
from zpoints.storage.versions import PREVIOUS

QUALITY = "quality/"
ERROR = "_error"
IMPORTED = "imported vectors"
"""Stands for the model where vectors were imported."""
LEADING = 10
"""Number of principal components that span the compared spaces."""


@dataclass(frozen=True, kw_only=True)
class ImageChanges:
    """Numbers of images before and after, in total and by split, and the names that differ.

    ``changed`` lists the names whose photograph has different content.
    """

    count: tuple[int, int]
    splits: dict[str, tuple[int, int]]
    added: list[str]
    removed: list[str]
    changed: list[str]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Drift of the latent vectors of one model, in sigma: the component's standard deviation.

    Attributes
    ----------
    vectors
        Number of vectors, before and after.
    mean_rms, mean_largest, mean_component
        Shift of the mean in sigma: root mean square over all components, largest, and the
        component of the largest.
    mahalanobis
        Shift of the mean in standard deviations along its own direction.
    covariance
        Relative Frobenius norm of the change of the covariance.
    kullback_leibler
        Divergence of the normal distribution after from that before, in nats; None where a
        covariance is singular.
    frechet
        Frechet distance of the two normal distributions, squared latent units.
    angles
        Principal angles between the spaces of the leading components, degrees, largest first.
    mu_largest, mu_component
        Largest shift of the maximum of a number distribution in sigma, and its component.
    hw_largest, hw_component
        Largest relative change of a full width at half maximum, and its component.
    """

    vectors: tuple[int, int]
    mean_rms: float
    mean_largest: float
    mean_component: int
    mahalanobis: float
    covariance: float
    kullback_leibler: float | None
    frechet: float
    angles: list[float]
    mu_largest: float
    mu_component: int
    hw_largest: float
    hw_component: int


@dataclass(frozen=True, kw_only=True)
class QualityChange:
    """One measure of a group that both versions have; ``error`` is that of the difference."""

    group: str
    measure: str
    before: float
    after: float
    error: float | None


@dataclass(frozen=True, kw_only=True)
class VersionComparison:
    """Comparison of two versions of a store; parts that either version lacks are None or empty.

    ``same_model`` compares the SHA-256 of the weights. With different models the coordinates of
    latent vectors are not comparable, and ``drift`` is None.
    """

    before: str
    after: str
    models: tuple[str | None, str | None]
    same_model: bool
    images: ImageChanges | None
    drift: Drift | None
    quality: list[QualityChange]

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each part and quantity: `before`, `after`, `difference` and its `error`."""
        rows = [*_image_rows(self.images), *_drift_rows(self.drift)]
        rows += [
            (q.group, q.measure, q.before, q.after, q.after - q.before, q.error)
            for q in self.quality
        ]
        index = pd.MultiIndex.from_tuples([r[:2] for r in rows], names=["part", "quantity"])
        columns = ["before", "after", "difference", "error"]
        return pd.DataFrame([r[2:] for r in rows], index, columns, dtype=np.float64)


FrameRow = tuple[str, str, float | None, float | None, float | None, float | None]
"""Part, quantity, values before and after, their difference and its error."""


def _image_rows(images: ImageChanges | None) -> Iterator[FrameRow]:
    if images is None:
        return
    for name, (before, after) in {"all": images.count, **images.splits}.items():
        yield "images", name, before, after, after - before, None
    for name in ("added", "removed", "changed"):
        yield "images", name, None, None, len(getattr(images, name)), None


def _drift_rows(drift: Drift | None) -> Iterator[FrameRow]:
    if drift is None:
        return
    before, after = drift.vectors
    yield "vectors", "all", before, after, after - before, None
    for name, value in (
        ("mean, RMS [sigma]", drift.mean_rms),
        ("mean, largest [sigma]", drift.mean_largest),
        ("mean, Mahalanobis", drift.mahalanobis),
        ("covariance change [share]", drift.covariance),
        ("Kullback-Leibler [nats]", drift.kullback_leibler),
        ("Frechet distance", drift.frechet),
        ("largest angle [degrees]", max(drift.angles, default=np.nan)),
        ("mu, largest [sigma]", drift.mu_largest),
        ("hw, largest [share]", drift.hw_largest),
    ):
        yield "vectors", name, None, None, value, None


def chosen_version(root: str, version: str) -> Store:
    """Open a version for a comparison.

    It is written as in `open_store`, but ``previous`` is the newest version whose complete
    statistics differ from the latest: every stage publishes a version, so the last but one is
    rarely a whole run.

    Raises
    ------
    StoreNotFoundError
        If there is no such version.
    VersionError
        As in `open_store`.
    """
    if version != PREVIOUS:
        return open_store(root, version=version)
    latest = open_store(root)
    for entry in latest.history():
        store = open_store(root, version=entry.id)
        other = store.fingerprint("statistics") != latest.fingerprint("statistics")
        if other and store.is_current("statistics"):
            return store
    raise StoreNotFoundError(
        f"The store {root} has no version whose statistics differ from the latest. Name two of the "
        f"versions that `zpoints history {root}` lists."
    )


def compare(before: Store, after: Store) -> VersionComparison:
    """Compare two versions of one store."""
    models = (_model(before), _model(after))
    same_model = models[0] == models[1] is not None
    have = all(store.is_current("statistics") for store in (before, after))
    images = all(store.fingerprint("images") for store in (before, after))
    return VersionComparison(
        before=before.version,
        after=after.version,
        models=models,
        same_model=same_model,
        images=_images(before.images, after.images) if images else None,
        drift=_drift(before.statistics, after.statistics) if have and same_model else None,
        quality=list(_quality(before, after)),
    )


def _model(store: Store) -> str | None:
    """SHA-256 of the model that encoded the latents, or else of the stored model.

    Imported latents of one store have the same components, so that they can be compared.
    """
    if store.fingerprint("latents") and were_imported(store.latents):
        return IMPORTED
    for group, attribute in (("latents", "model_sha256"), ("model", "sha256")):
        if store.fingerprint(group):
            attrs = store.group(group).attrs
            return str({**provenance_of(attrs), **attrs}[attribute])
    return None


def _images(before: xr.Dataset, after: xr.Dataset) -> ImageChanges:
    old, new = _checksums(before), _checksums(after)
    kept = old.index.intersection(new.index)
    splits = [pd.Series(Labels(images).splits).value_counts() for images in (before, after)]
    return ImageChanges(
        count=(len(old), len(new)),
        splits={
            name: (int(splits[0].get(name, 0)), int(splits[1].get(name, 0))) for name in SPLITS
        },
        added=sorted(new.index.difference(old.index)),
        removed=sorted(old.index.difference(new.index)),
        changed=sorted(kept[(old[kept] != new[kept]).to_numpy()]),
    )


def _checksums(images: xr.Dataset) -> pd.Series:
    return pd.Series(images["checksum"].values, index=images.indexes["image"])


def _drift(before: xr.Dataset, after: xr.Dataset) -> Drift:
    (mean, cov), (mean_after, cov_after) = _normal(before), _normal(after)
    sigma = np.sqrt(np.diag(cov))
    moved = _in_sigma(mean_after - mean, sigma)
    mu = _in_sigma(after["mu"].values - before["mu"].values, sigma)
    hw = _in_sigma(after["hw"].values - before["hw"].values, before["hw"].values)
    leading = min(LEADING, before.sizes["pc"], after.sizes["pc"])
    divergence = kullback_leibler(mean_after, cov_after, mean, cov)
    bases = Basis.from_statistics(before), Basis.from_statistics(after)
    return Drift(
        vectors=(int(before["count"].values.max()), int(after["count"].values.max())),
        mean_rms=float(np.sqrt(np.mean(moved**2))),
        mean_largest=float(moved[k := int(np.abs(moved).argmax())]),
        mean_component=k,
        mahalanobis=mahalanobis_distance(mean_after - mean, cov),
        covariance=relative_frobenius(cov, cov_after),
        kullback_leibler=divergence if np.isfinite(divergence) else None,
        frechet=frechet_distance(mean, cov, mean_after, cov_after),
        angles=principal_angles(*bases, leading).tolist(),
        mu_largest=float(mu[k := int(np.abs(mu).argmax())]),
        mu_component=k,
        hw_largest=float(hw[k := int(np.abs(hw).argmax())]),
        hw_component=k,
    )


def _normal(statistics: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    return statistics["mean"].values, statistics["covariance"].values


def _in_sigma(change: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Changes divided by a width; 0 where the width is 0 or unknown (constant components)."""
    known = np.isfinite(change) & (sigma > 0)
    return np.divide(change, sigma, out=np.zeros_like(change), where=known)


def _quality(before: Store, after: Store) -> Iterator[QualityChange]:
    for name in before.quality_names:
        if name in after.quality_names:
            group = f"{QUALITY}{name}"
            yield from quality_changes(group, before.group(group), after.group(group))


def quality_changes(group: str, before: xr.Dataset, after: xr.Dataset) -> Iterator[QualityChange]:
    """Changes of the scalar measures that both versions have, sorted by name.

    The error of a difference is that of two independent estimates, from `<name>_error`.

    Parameters
    ----------
    group
        Name of the group.
    before, after
        The group in both versions.
    """
    scalars = {
        str(name)
        for name, variable in before.data_vars.items()
        if variable.ndim == 0 and variable.dtype.kind in "iuf" and name in after
    }
    for name in sorted(scalars):
        error = name + ERROR
        if name.endswith(ERROR):
            continue
        yield QualityChange(
            group=group,
            measure=name,
            before=float(before[name]),
            after=float(after[name]),
            error=float(np.hypot(before[error], after[error])) if error in scalars else None,
        )
