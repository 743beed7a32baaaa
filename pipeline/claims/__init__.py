"""The thirteen claims of the source of the method, tested on a user's own latent vectors."""

import xarray as xr

from zpoints.pipeline.claims.claim import Claim
from zpoints.pipeline.claims.components import component_claims
from zpoints.pipeline.claims.densities import pair_claims
from zpoints.pipeline.claims.faces import faces_claim
from zpoints.pipeline.claims.normality import Normality, normality
from zpoints.pipeline.claims.uniform import uniform_claims

__all__ = ["Claim", "Normality", "claims", "faces_claim", "normality", "uniform_claims"]


def claims(
    statistics: xr.Dataset, *, least_mu: float = 0.25, least_hw: float = 1.5
) -> tuple[Claim, ...]:
    """Claims 1 to 10, computed from stored statistics alone.

    Claims 11 and 12 also need uniform vectors (`uniform_claims`), and claim 13 needs the face rates
    of samples (`faces_claim`).

    Parameters
    ----------
    statistics
        The `statistics` group.
    least_mu, least_hw
        Thresholds of |mu| and hw, in latent units, of a dominant component (claim 9).

    Examples
    --------
    >>> import dask.array as da
    >>> from zpoints.pipeline.analyze import analyze
    >>> found = claims(analyze(da.random.default_rng(0).normal(size=(5000, 8))))
    >>> found[0].measured[:6], found[0].holds, found[5].measured, found[5].holds
    ('8 of 8', True, '8 of 8', False)
    """
    return (
        *component_claims(statistics),
        *pair_claims(statistics, least_mu=least_mu, least_hw=least_hw),
    )
