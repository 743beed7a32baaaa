"""Steps along axes of latent space."""

import numpy as np
import xarray as xr

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.parts.generator import Floats


def axis_steps(statistics: xr.Dataset, axes: tuple[int, ...], space: str) -> Floats:
    """Vectors of one standard deviation along each axis: (axes, N) in latent coordinates.

    Parameters
    ----------
    statistics
        The `statistics` group.
    axes
        Numbers of the components, from 0.
    space
        "pc" for principal components, "original" for components of z.
    """
    chosen = list(axes)
    if space == "pc":
        return Basis.from_statistics(statistics).steps(chosen)
    steps = np.zeros((len(chosen), statistics.sizes["component"]))
    steps[np.arange(len(chosen)), chosen] = np.sqrt(statistics["variance"].values[chosen])
    return steps
