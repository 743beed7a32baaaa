"""Draws a screenful with a generator, and measures it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.evaluate.measures.diversity import diversity
from zpoints.pipeline.explore.generation.parameters import plain
from zpoints.pipeline.explore.python_lines import called, changed, opened
from zpoints.pipeline.explore.space import Space
from zpoints.pipeline.row_sample import representative_rows
from zpoints.pipeline.sample.draw import draw_rows, generator
from zpoints.pipeline.sample.nearest import nearest_of_block
from zpoints.pipeline.sample.region import mahalanobis_radius
from zpoints.pipeline.sample.registry import GENERATORS
from zpoints.pipeline.sample.stored_fit import fit_to_store
from zpoints.storage import Store
from zpoints.storage.errors import ZpointsError
from zpoints.storage.schema.attributes import nested

Pixels = NDArray[np.uint8]
DRAWN = 24
"""Images of a screenful."""
COMPARED = 20_000
"""Latent vectors among which the nearest is looked for."""
STORED_MEASURES = ("merit", "precision", "recall", "round_trip")


@dataclass(frozen=True)
class Setting:
    """A generator with its parameters, and where it is fitted.

    Attributes
    ----------
    generator
        One of `GENERATORS`.
    parameters
        Those that differ from the defaults.
    seed
        Not negative.
    where
        Query of the vectors that it is fitted to; None for all.
    """

    generator: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    where: str | None = None


@dataclass(frozen=True)
class Measured:
    """A measure of a draw, beside the same of as many latent vectors.

    Attributes
    ----------
    name, meaning
        A heading, and how to read it.
    value, reference
        Of the draw, and of latent vectors.
    """

    name: str
    meaning: str
    value: float
    reference: float


def draw_setting(space: Space, setting: Setting, n: int = DRAWN) -> xr.Dataset:
    """The vectors that `space.draw` gives; fits to a store are kept for the next draw.

    Parameters
    ----------
    space
        Where the generator is fitted.
    setting
        The generator.
    n
        Number of vectors.

    Returns
    -------
    xr.Dataset
        `z` (sample, component) float32.

    Raises
    ------
    SampleError
        If the parameters are wrong, or the generator cannot be fitted.
    """
    name, parameters = setting.generator, dict(setting.parameters)
    if setting.where is not None or not isinstance(space, Store) or setting.seed < 0:
        return space.draw(name, n, where=setting.where, seed=setting.seed, **parameters)
    law = generator(name, **parameters)
    sampler, statistics = fit_to_store(law, space)
    basis = Basis.from_statistics(statistics)
    z, _ = draw_rows(sampler, basis, setting.seed, 0, n, name=name)
    return xr.Dataset({"z": (("sample", "component"), z)}, attrs={"generator": name})


def setting_code(space: Space, setting: Setting, n: int = DRAWN) -> str:
    """Python that draws and decodes the same.

    Parameters
    ----------
    space, setting, n
        As in `draw_setting`.
    """
    named = {} if setting.where is None else {"where": setting.where}
    given = {**named, "seed": setting.seed, **setting.parameters}
    line = called("store.draw", setting.generator, n, **given)
    return f"{opened(space)}\ndrawn = {line}\nimages = store.decode(drawn)"


def settings_of(space: Space) -> dict[str, Setting]:
    """What may be drawn: the generators of the store's samples, then all laws, by a title."""
    found: dict[str, Setting] = {}
    if isinstance(space, Store):
        for name in space.sample_names:
            attrs = space.samples(name).attrs
            law = str(attrs["generator"])
            if law in GENERATORS:
                found[f"{name} (stored)"] = Setting(law, _changed(law, nested(attrs, "parameters")))
    names = set(getattr(space, "selection_names", ()))
    for law in GENERATORS:
        if law != "conditional":
            found[law] = Setting(law)
        elif names:
            found[law] = Setting(law, {"selection": min(names)})
    return found


def stored_quality(space: Space, setting: Setting) -> pd.Series | None:
    """The measures that the store holds of the same generator; None if it holds none.

    Parameters
    ----------
    space, setting
        As in `draw_setting`; the seed does not matter.
    """
    if not isinstance(space, Store) or setting.where is not None:
        return None
    wanted = plain(setting.parameters)
    for name in space.sample_names:
        attrs = space.samples(name).attrs
        same = str(attrs["generator"]) == setting.generator and name in space.quality_names
        if same and _changed(setting.generator, nested(attrs, "parameters")) == wanted:
            return pd.Series(space.compare().loc[name], name=name)
    return None


def measure(space: Space, z: NDArray[Any]) -> list[Measured]:
    """Measure a draw beside as many latent vectors.

    Parameters
    ----------
    space
        The latent vectors; at most 20,000 of them are compared.
    z
        (sample, component).
    """
    latents = space.latents["z"]
    rows = representative_rows(latents.sizes["image"], len(z))
    real = latents.isel(image=rows).values.astype(np.float64)
    some = latents.isel(image=representative_rows(latents.sizes["image"], COMPARED)).values
    queries = np.concatenate([z.astype(np.float64), real])
    found = nearest_of_block(some, queries, 0, 2)
    # A latent vector is its own nearest one.
    own = found.distances[len(z) :]
    apart = np.where(own[:, 0] > 0, own[:, 0], own[:, -1])
    values = (
        (
            "Mahalanobis radius",
            "median of it, in all components; far above that of stored vectors: noise",
            float(np.median(mahalanobis_radius(z, space.statistics))),
            float(np.median(mahalanobis_radius(real, space.statistics))),
        ),
        (
            "nearest",
            "median distance to the nearest stored vector; far below that of stored ones: copies",
            float(np.median(found.distances[: len(z), 0])),
            float(np.median(apart)),
        ),
        (
            "diversity",
            "mean distance of two vectors; far below that of stored ones: all alike",
            float(diversity(z.astype(np.float64))[1, 0]),
            float(diversity(real)[1, 0]),
        ),
    )
    return [Measured(*value) for value in values]


def decoded(space: Space, z: NDArray[Any]) -> Pixels | None:
    """Images (sample, y, x, channel) of vectors; None without a network."""
    try:
        return np.asarray(space.decode(z.astype(np.float32)).values)
    except ZpointsError:
        return None


def _changed(law: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without defaults, as JSON has them."""
    fields = GENERATORS[law].model_fields
    usual = {
        name: field.get_default(call_default_factory=True)
        for name, field in fields.items()
        if not field.is_required()
    }
    plain_usual = {
        name: value.model_dump(mode="json")
        if hasattr(value, "model_dump")
        else plain({name: value})[name]
        for name, value in usual.items()
    }
    return changed(plain(parameters), plain_usual)
