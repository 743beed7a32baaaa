"""Which photographs, or vectors, two stores have in common."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from zpoints.pipeline.evaluate.held_out import held_out_rows


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Rows of two stores, matched by name.

    Attributes
    ----------
    count
        Numbers of rows of both.
    same
        Names with the same content in both, in the order of the first store.
    changed
        Number of names whose content differs.
    held_out
        Those of `same` that neither network was trained on, as far as splits are known.
    """

    count: tuple[int, int]
    same: list[str]
    changed: int
    held_out: list[str]


def shared_rows(a: xr.Dataset, b: xr.Dataset) -> Shared:
    """Match the rows of two stores by name and checksum.

    Parameters
    ----------
    a, b
        The groups `latents`. Rows without a checksum are matched by name alone.
    """
    names = [latents.indexes["image"] for latents in (a, b)]
    common = names[0].intersection(names[1], sort=False)
    same = common
    if all("checksum" in latents.coords for latents in (a, b)):
        sums = [
            pd.Series(latents["checksum"].values, index=index).loc[common]
            for latents, index in zip((a, b), names, strict=True)
        ]
        same = common[(sums[0] == sums[1]).to_numpy()]
    unseen = [
        index[held_out_rows(latents)[1]] for latents, index in zip((a, b), names, strict=True)
    ]
    held_out = same[np.asarray(same.isin(unseen[0]) & same.isin(unseen[1]))]
    return Shared(
        count=(len(names[0]), len(names[1])),
        same=[str(name) for name in same],
        changed=len(common) - len(same),
        held_out=[str(name) for name in held_out],
    )
