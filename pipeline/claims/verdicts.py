"""The verdicts on all claims, as a sequence and as a table."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Self

import pandas as pd
import xarray as xr

from zpoints.pipeline.claims.claim import Claim
from zpoints.pipeline.claims.components import component_claims
from zpoints.pipeline.claims.densities import pair_claims
from zpoints.pipeline.claims.faces import faces_claim
from zpoints.pipeline.claims.multivariate import multivariate_claims
from zpoints.pipeline.claims.uniform import uniform_claims
from zpoints.pipeline.errors import AnalyzeError
from zpoints.pipeline.sample.region import UniformHits

VERDICTS = {True: "holds", False: "does not hold", None: "not decided"}


class Verdicts(tuple[Claim, ...]):
    """Claims in the order of their numbers; a notebook shows them as a table.

    Examples
    --------
    >>> Verdicts([Claim(1, "a statement", "5 of 8", "at least 4", True)]).frame
             statement measured    holds if verdict
    claim
    1      a statement   5 of 8  at least 4   holds
    """

    __slots__ = ()

    def __new__(cls, claims: Iterable[Claim] = ()) -> Self:
        return super().__new__(cls, sorted(claims, key=lambda claim: claim.number))

    @property
    def frame(self) -> pd.DataFrame:
        """A row per claim: statement, what was measured, when the claim holds, and the verdict."""
        rows = [(c.statement, c.measured, c.threshold, VERDICTS[c.holds]) for c in self]
        index = pd.Index([c.number for c in self], name="claim")
        return pd.DataFrame(rows, index, ["statement", "measured", "holds if", "verdict"])

    def __repr__(self) -> str:
        return "\n".join(
            f"{c.number:>2} | {VERDICTS[c.holds]:<13} | {c.statement} | {c.measured}" for c in self
        )

    def _repr_html_(self) -> str:
        header = "".join(f"<th>{name}</th>" for name in ("claim", *self.frame.columns))
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
            for row in self.frame.itertuples()
        )
        return f"<table><thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table>"


def claims(statistics: xr.Dataset, *, least_mu: float = 0.25, least_hw: float = 1.5) -> Verdicts:
    """Claims 1 to 10 and 14 to 17, computed from stored statistics alone.

    Claims 11 to 13 need more, see `all_claims`.

    Parameters
    ----------
    statistics
        The `statistics` group.
    least_mu, least_hw
        Thresholds of |mu| and hw, in latent units, of a dominant component (claim 9).

    Raises
    ------
    AnalyzeError
        If `statistics` is something else.

    Examples
    --------
    >>> import dask.array as da
    >>> from zpoints.pipeline.analyze import analyze
    >>> found = claims(analyze(da.random.default_rng(0).normal(size=(5000, 8))))
    >>> found[0].measured[:6], found[0].holds, found[5].measured, found[5].holds
    ('8 of 8', True, '8 of 8 in latent units; 8 rescaled by 0.897', False)
    """
    if not isinstance(statistics, xr.Dataset) or "histogram" not in statistics:
        raise AnalyzeError(
            f"Got {type(statistics).__name__} for the group statistics. Call "
            "zp.claims(store.statistics); store.claims has all that can be tested."
        )
    return Verdicts(
        (
            *component_claims(statistics),
            *pair_claims(statistics, least_mu=least_mu, least_hw=least_hw),
            *multivariate_claims(statistics),
        )
    )


def all_claims(
    statistics: xr.Dataset,
    rates: Mapping[str, float] | None,
    generators: Mapping[str, str],
    *,
    detector: str = "face",
    hits: UniformHits | None = None,
    least_mu: float = 0.25,
    least_hw: float = 1.5,
) -> Verdicts:
    """All claims.

    Parameters
    ----------
    statistics
        The `statistics` group.
    rates
        Share of images with a face, by group of samples; "reconstruction" is the reference.
        None leaves out claim 13, where vectors have no images.
    generators
        Name of the generator, by group of samples.
    detector
        What found the faces; claim 13 is left out if it is `none`.
    hits
        Hits of uniform vectors; they are drawn if omitted.
    least_mu, least_hw
        As in `claims`.
    """
    found = [
        *claims(statistics, least_mu=least_mu, least_hw=least_hw),
        *uniform_claims(statistics, hits),
    ]
    if rates is not None and detector != "none":
        reference = rates.get("reconstruction", 1.0)
        found.append(faces_claim(rates, generators, reference=reference, detector=detector))
    return Verdicts(found)
