"""Two stores to compare, and the rows of both that are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, zip_longest

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.compare.photographs import Shared, shared_rows
from zpoints.pipeline.compare.stores import require_groups
from zpoints.pipeline.evaluate.held_out import first_finite, held_out_rows
from zpoints.pipeline.latent_space.stored import LatentStore
from zpoints.storage.schema.provenance import were_imported
from zpoints.storage.text import one_line

Images = NDArray[np.uint8]

SHOWN = 10
"""Images in a row."""


@dataclass(frozen=True)
class Side:
    """One of the two stores.

    Attributes
    ----------
    letter
        "A" or "B".
    label
        Name that tells it from the other.
    store
        The store.
    """

    letter: str
    label: str
    store: LatentStore

    @cached_property
    def statistics(self) -> xr.Dataset:
        """The group, in memory."""
        return self.store.statistics.compute()

    @cached_property
    def model(self) -> xr.Dataset | None:
        """The group without the weights; None where vectors have no network."""
        if were_imported(self.store.latents) or not self.store.is_current("model"):
            return None
        return self.store.model.drop_vars("weights", errors="ignore").compute()

    @property
    def name(self) -> str:
        """Letter and label, on one line."""
        return f"{self.letter}: {self.label}"

    @cached_property
    def quality(self) -> Mapping[str, xr.Dataset]:
        """The measures of each group of samples and of the references, by name."""
        names = self.store.quality_names
        return {name: self.store.quality(name).drop_dims("sample") for name in names}

    def samples(self, name: str) -> Images | None:
        """The first images of a group of samples; None if it has none."""
        if name not in self.store.sample_names:
            return None
        group = self.store.samples(name)
        return group["pixels"][:SHOWN].values if "pixels" in group else None

    def photographs(self, names: Sequence[str]) -> tuple[Images, Images]:
        """Photographs and their reconstructions, by name; by default the first held-out ones."""
        latents = self.store.latents
        rows = latents.indexes["image"].get_indexer(pd.Index(names))
        if not len(rows):
            rows = first_finite(latents["z"], held_out_rows(latents)[1], SHOWN)
        images = self.store.images["pixels"].sel(image=latents["image"].values[rows])
        return images.values, np.asarray(self.store.decode(latents["z"][rows].values))


@dataclass(frozen=True)
class Pair:
    """Both stores and the rows that they have in common."""

    a: Side
    b: Side
    shared: Shared

    @property
    def sides(self) -> tuple[Side, Side]:
        """The two stores."""
        return self.a, self.b

    @property
    def shown(self) -> list[str]:
        """Photographs to show: held out from both networks, else in both stores, else none."""
        return (self.shared.held_out or self.shared.same)[:SHOWN]

    @property
    def sample_names(self) -> list[str]:
        """Names of the samples of either store, those of both first."""
        first, second = (side.store.sample_names for side in self.sides)
        both = [name for name in first if name in second]
        return [*both, *(name for name in (*first, *second) if name not in both)]


def read_pair(a: LatentStore, b: LatentStore) -> Pair:
    """Two stores as a pair; A is the first.

    Raises
    ------
    StoreError
        If a store lacks latents or their statistics.
    """
    for store in (a, b):
        require_groups(store)
    first, second = labels((a, b))
    return Pair(Side("A", first, a), Side("B", second, b), shared_rows(a.latents, b.latents))


def labels(stores: tuple[LatentStore, LatentStore]) -> tuple[str, str]:
    """Names of two stores that tell them apart: the ends of their roots, or versions of one."""
    one, other = (one_line(store.root).rstrip("/").split("/") for store in stores)
    if one == other:
        first, second = (f"{one[-1]} @ {store.version[:8]}" for store in stores)
        return first, second
    pairs = zip_longest(reversed(one), reversed(other))
    depth = next(number for number, (x, y) in zip(count(1), pairs, strict=False) if x != y)
    return "/".join(one[-depth:]), "/".join(other[-depth:])
