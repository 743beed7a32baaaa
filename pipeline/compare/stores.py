"""Differences between two stores: case I and case II, or two trainings of one network."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from zpoints.pipeline.compare.photographs import Shared
from zpoints.pipeline.compare.versions import QUALITY, quality_changes
from zpoints.pipeline.evaluate.held_out import held_out_rows
from zpoints.storage import Store, StoreError, open_store
from zpoints.storage.schema.provenance import were_imported

GROUPS = ("latents", "statistics")
"""Groups that both stores need."""
SHARES = (0.5, 0.9, 0.95, 0.99)
"""Shares of the variance that principal components explain."""
MU, HW = (0.25, 1.0), (1.0, 1.5, 3.0)
"""Thresholds of |mu| and hw in the source's claims, latent units."""

Row = tuple[str, str, float, float, float | None]
"""Part, quantity, values of both stores, error of the difference."""


def compare(
    a: Store | str | os.PathLike[str],
    b: Store | str | os.PathLike[str] | None = None,
    *,
    version_a: str | None = None,
    version_b: str | None = None,
) -> pd.DataFrame:
    """Compare two stores: their training, number distributions, spectra and quality.

    `zpoints compare` draws the same stores side by side.

    Parameters
    ----------
    a, b
        A root, a local path or a URL of a prefix in a bucket, or an open store; two are needed.
    version_a, version_b
        Versions, where a root is given, as in `zpoints.open`.

    Returns
    -------
    pandas.DataFrame
        A row for each part (`images`, `training`, `latents`, `spectrum`, `quality/<name>`) and
        quantity that both stores have; the columns `a`, `b`, `difference` (b - a) and `error`, the
        standard error of the difference, NaN where it is unknown.

    Raises
    ------
    StoreNotFoundError
        If there is no store, or no such version.
    StoreError
        If there is one store only, or a store lacks latents or their statistics.

    Examples
    --------
    >>> import zpoints as zp
    >>> zp.compare("runs/case-1", "runs/case-2").loc["spectrum"]  # doctest: +SKIP
    """
    if b is None:
        raise StoreError(
            'Got one store; expected two, e.g. zp.compare(store, "runs/other"). store.compare() '
            "compares the generators of one store, store.diff() its versions."
        )
    first, second = opened(a, version_a), opened(b, version_b)
    rows = [*_rows(first, second)]
    index = pd.MultiIndex.from_tuples([row[:2] for row in rows], names=["part", "quantity"])
    frame = pd.DataFrame([row[2:] for row in rows], index, ["a", "b", "error"], dtype=np.float64)
    frame.insert(2, "difference", frame["b"] - frame["a"])
    return frame


def opened(store: Store | str | os.PathLike[str], version: str | None) -> Store:
    """The store, or that of a root; it has the groups that a comparison needs.

    Raises
    ------
    StoreNotFoundError
        If there is no store, or no such version.
    StoreError
        If it lacks a group.
    """
    found = store if isinstance(store, Store) else open_store(store, version=version)
    require_groups(found)
    return found


def require_groups(store: Store) -> None:
    """Refuse a store without latents or statistics.

    Raises
    ------
    StoreError
        If it lacks one.
    """
    for group in GROUPS:
        if not store.is_current(group):
            raise StoreError(
                f"The comparison needs the group {group} of {store.root}, which is missing or "
                f"outdated. Run: {store.made_by}"
            )


def remarks(a: Store, b: Store, shared: Shared) -> list[str]:
    """What is not alike in two stores, for readers of their comparison; A and B name the stores.

    Parameters
    ----------
    a, b
        The stores.
    shared
        The rows that they have in common.
    """
    if (os.path.realpath(a.root), a.version) == (os.path.realpath(b.root), b.version):
        return ["A and B are the same version of one store: nothing differs."]
    found = []
    first, second = shared.count
    kinds = ["vectors" if were_imported(store.latents) else "photographs" for store in (a, b)]
    what = kinds[0] if kinds[0] == kinds[1] else "data"
    if first != second or len(shared.same) < first:
        changed = f"; {shared.changed:,} have the same name and other content" * bool(
            shared.changed
        )
        found.append(
            f"Other {what}: A has {first:,} {kinds[0]} and B {second:,} {kinds[1]}, of which "
            f"{len(shared.same):,} are in both{changed}. Differences may be due to the {what}."
        )
    one, other = (_pixels(store) for store in (a, b))
    if one and other and one != other:
        found.append(
            f"Other images: A has {_size(one)} pixels and B {_size(other)}. Measures that compare "
            "pixels, such as SWD and the reconstruction error, are of different images."
        )
    widths = [store.latents.sizes["component"] for store in (a, b)]
    if widths[0] != widths[1]:
        found.append(
            f"A has {widths[0]} latent components and B {widths[1]}: counts of components, radii "
            "and distances in latent space grow with the number of components."
        )
    weights = [_weights(store) for store in (a, b)]
    if weights[0] is not None and weights[0] == weights[1]:
        found.append("A and B have the same network.")
    return found


def _rows(a: Store, b: Store) -> Iterator[Row]:
    for part, one, other in (
        ("images", _images(a), _images(b)),
        ("training", _training(a), _training(b)),
        ("latents", _distributions(a.statistics), _distributions(b.statistics)),
        ("spectrum", _spectrum(a.statistics), _spectrum(b.statistics)),
    ):
        yield from ((part, name, one[name], other[name], None) for name in one if name in other)
    for name in a.quality_names:
        if name in b.quality_names:
            group = f"{QUALITY}{name}"
            for change in quality_changes(group, a.group(group), b.group(group)):
                yield (group, change.measure, change.before, change.after, change.error)


def _images(store: Store) -> dict[str, float]:
    pixels = _pixels(store)
    return {"count": store.images.sizes["image"], **pixels} if pixels else {}


def _training(store: Store) -> dict[str, float]:
    """Epochs, losses after the last one, and the error of held-out photographs."""
    found: dict[str, float] = {}
    if were_imported(store.latents):
        return found
    if store.is_current("model") and "loss" in store.model:
        model = store.model
        found["epochs"] = float(model.sizes["epoch"])
        found |= {name: float(model[name][-1]) for name in ("loss", "validation_loss")}
    if "reconstruction_error" in store.latents:
        rows = held_out_rows(store.latents)[1]
        errors = store.latents["reconstruction_error"][rows]
        found["held_out_error"] = float(errors.mean().compute())
    return found


def _distributions(statistics: xr.Dataset) -> dict[str, float]:
    mu, hw = np.abs(statistics["mu"].values), statistics["hw"].values
    return {
        "vectors": float(statistics["count"].values.max(initial=0)),
        "components": float(len(mu)),
        "radius_mean": float(statistics["radius_mean"]),
        "radius_std": float(statistics["radius_std"]),
        **{f"|mu| >= {least:g}": float(np.sum(mu >= least)) for least in MU},
        **{f"hw >= {least:g}": float(np.sum(hw >= least)) for least in HW},
        "hw_median": float(np.median(hw)),
    }


def _spectrum(statistics: xr.Dataset) -> dict[str, float]:
    """Principal components that explain a share, total variance, and departures from normality."""
    explained = np.cumsum(statistics["explained_variance_ratio"].values)
    needed = np.searchsorted(explained, np.array(SHARES) - 1e-12) + 1
    return {
        **{
            f"components for {share:.0%}": float(min(number, len(explained)))
            for share, number in zip(SHARES, needed, strict=True)
        },
        "total_variance": float(statistics["explained_variance"].values.sum()),
        "mahalanobis_std": float(statistics["mahalanobis_std"]),
        "pc_kurtosis_median": float(statistics["pc_kurtosis"].median()),
    }


def _pixels(store: Store) -> dict[str, float]:
    """Height, width and channels of the images; empty without images."""
    if not store.is_current("images"):
        return {}
    sizes = store.images.sizes
    return {
        name: float(sizes[dim])
        for name, dim in (("height", "y"), ("width", "x"), ("channels", "channel"))
    }


def _size(pixels: dict[str, float]) -> str:
    return " x ".join(f"{value:g}" for value in pixels.values())


def _weights(store: Store) -> Any:
    return store.model.attrs.get("sha256") if store.is_current("model") else None
