"""Questions that the source of the method leaves open, answered for a user's own vectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Self

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.claims.claim import LEAST_VECTORS, too_few
from zpoints.pipeline.claims.original_ellipses import COMPONENTS, LEVEL, radii_of_ellipses
from zpoints.pipeline.errors import AnalyzeError

Floats = NDArray[np.float64]

AS_WELL = 1.1
"""Largest factor by which the radius of vectors of original ellipses exceeds that of PCA ellipses
if both do as well."""

CHANCE = 4.0
"""Standard deviations of the draws of normal vectors that count as chance."""

WEAK = 0.1
"""Root mean square of the correlations beyond chance from which they are not weak."""

TIGHTER, SILHOUETTE = 0.9, 0.05
"""Clusters have a share of the squared deviations of at most 0.9 of that of normal vectors, or a
silhouette that exceeds theirs by 0.05."""

PER_COMPONENT = 10
"""Vectors per component from which whitened coordinates are more than a fit."""

LEAST_COMPONENTS = 3
"""Principal components from which squares over the squared radius are not bound to correlate."""

QUESTIONS = {
    "ellipses": "Do ellipses of the original coordinates do as well as those after PCA?",
    "micro-correlations": "Are there correlations that the covariance does not show?",
    "clusters": "Do the z-points form clusters?",
}
NO_COMPARISON = (
    "Not decided: these vectors have not been compared with normal ones. The stage structure of "
    "`zpoints run CONFIG` does so if there are more vectors than clusters."
)


@dataclass(frozen=True)
class Answer:
    """A question of the source and its answer.

    Attributes
    ----------
    topic
        "ellipses", "micro-correlations" or "clusters".
    question, answer
        Sentences. An answer that the data do not decide begins with "Not decided" and has the
        reason.
    values
        The measured numbers by name; empty where it is not decided.
    evidence
        Arrays by name that the figure draws.
    """

    topic: str
    question: str
    answer: str
    values: Mapping[str, float] = field(default_factory=dict)
    evidence: Mapping[str, NDArray[Any]] = field(default_factory=dict)


class Answers(tuple[Answer, ...]):
    """Answers in a fixed order; a notebook shows them as a table."""

    __slots__ = ()

    def __new__(cls, answers: Iterable[Answer] = ()) -> Self:
        return super().__new__(cls, answers)

    @property
    def frame(self) -> pd.DataFrame:
        """A row per topic: the question and its answer."""
        index = pd.Index([one.topic for one in self], name="topic")
        rows = [(one.question, one.answer) for one in self]
        return pd.DataFrame(rows, index, ["question", "answer"])

    def __repr__(self) -> str:
        return "\n".join(f"{one.question}\n    {one.answer}" for one in self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(one.question)}</td><td>{escape(one.answer)}</td></tr>" for one in self
        )
        head = "<tr><th>question</th><th>answer</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def answers(statistics: xr.Dataset, structure: xr.Dataset | None = None) -> Answers:
    """Answer the questions of the source.

    Parameters
    ----------
    statistics
        The `statistics` group.
    structure
        The group `structure`; without it, micro-correlations and clusters are not decided.

    Raises
    ------
    AnalyzeError
        If `statistics` is something else.

    Examples
    --------
    >>> import dask.array as da
    >>> from zpoints.pipeline.analyze import analyze
    >>> found = answers(analyze(da.random.default_rng(0).normal(size=(5000, 8))))
    >>> found[0].answer[:4], found[1].answer[:11]
    ('Yes:', 'Not decided')
    """
    if not isinstance(statistics, xr.Dataset) or "mahalanobis_histogram" not in statistics:
        raise AnalyzeError(
            f"Got {type(statistics).__name__} for the group statistics. Call "
            "answers(store.statistics, store.structure); store.answers does so."
        )
    found = [ellipses(statistics)]
    if structure is None or "compared_vectors" not in structure:
        reason = NO_COMPARISON
    elif lacking := _too_few_compared(structure):
        reason = f"Not decided: {lacking}."
    else:
        return Answers([*found, micro_correlations(structure), clusters(structure)])
    rest = ("micro-correlations", "clusters")
    return Answers([*found, *(_answer(topic, reason) for topic in rest)])


def ellipses(statistics: xr.Dataset) -> Answer:
    """Compare vectors whose pairs are in the ellipses of original and of PCA coordinates."""
    varying = int(np.sum(statistics["variance"].values > 0))
    if varying < 2:
        return _answer("ellipses", "Not decided: fewer than two components vary.")
    if reason := too_few(statistics, PER_COMPONENT * min(varying, COMPONENTS)):
        return _answer("ellipses", f"Not decided: {reason}.")
    found = radii_of_ellipses(statistics)
    original, pca = float(found.original.mean()), float(found.pca.mean())
    part = "" if found.components == varying else (
        f" (in the {found.components} of {varying:,} components of largest variance)"
    )  # fmt: skip
    if original <= AS_WELL * pca:
        begin = "Yes: the covariance leaves the coordinates almost as they are. Vectors"
    else:
        begin = "No: they ignore what more than two components do together. Vectors"
    text = (
        f"{begin} with all pairs in the {LEVEL:g} σ ellipses of the original coordinates have the "
        f"Mahalanobis radius {original:.1f} ± {found.original.std():.1f}{part}, those with all "
        f"pairs in the {LEVEL:g} σ ellipses after PCA {pca:.1f} ± {found.pca.std():.1f}, and the "
        f"z-points {found.data:.1f}."
    )
    values = {"original": original, "pca": pca, "data": found.data, "vectors": len(found.original)}
    evidence = {"original": found.original, "pca": found.pca}
    if not part:
        evidence |= {
            name: statistics[f"mahalanobis_{name}"].values for name in ("histogram", "edges")
        }
    return _answer("ellipses", text, values, evidence)


def micro_correlations(structure: xr.Dataset) -> Answer:
    """Compare correlations of squared whitened coordinates with those of normal vectors."""
    if (components := int(structure["compared_components"])) < LEAST_COMPONENTS:
        return _answer(
            "micro-correlations",
            f"Not decided: {components} principal components vary; at least {LEAST_COMPONENTS} are "
            "needed, since the squares of two, divided by the squared radius, add up to 1.",
        )
    measured, normal = _against(structure, "square_correlation")
    beyond = float(np.sqrt(max(measured**2 - float(normal.mean()) ** 2, 0.0)))
    if measured <= normal.mean() + CHANCE * _chance(normal):
        begin = "No more than chance gives"
    else:
        begin = "Yes, weak ones" if beyond < WEAK else "Yes, strong ones"
    text = (
        f"{begin}: the squares of whitened coordinates, divided by the squared radius, correlate "
        f"by {measured:.4f} (root mean square over all pairs), those of normal vectors by "
        f"{normal.mean():.4f} ± {normal.std(ddof=1):.4f} ({_sample(structure)})."
    )
    evidence = {
        name.replace("square_correlation_", ""): structure[name].values
        for name in (
            "square_correlation_edges",
            "square_correlation_histogram",
            "normal_square_correlation_histogram",
        )
    }
    values = {"measured": measured, "normal": float(normal.mean()), "beyond": beyond}
    return _answer("micro-correlations", text, values, evidence)


def clusters(structure: xr.Dataset) -> Answer:
    """Compare the tightness of k-means clusters with that of normal vectors' clusters."""
    inertia, normal_inertia = _against(structure, "cluster_inertia")
    silhouette, normal_silhouette = _against(structure, "cluster_silhouette")
    tight = inertia <= TIGHTER * normal_inertia.mean()
    apart = silhouette >= normal_silhouette.mean() + SILHOUETTE
    number = int(structure["compared_clusters"])
    text = (
        f"{'Yes' if tight or apart else 'Essentially none'}: {number} k-means clusters leave "
        f"{inertia:.3f} of the squared deviations, those of normal vectors of the same covariance "
        f"{normal_inertia.mean():.3f}; the mean silhouette is {silhouette:.3f} against "
        f"{normal_silhouette.mean():.3f} ({int(structure['clustered_vectors']):,} vectors, "
        f"{int(structure['compared_components'])} leading principal components)."
    )
    values = {
        "inertia": inertia,
        "normal_inertia": float(normal_inertia.mean()),
        "silhouette": silhouette,
        "normal_silhouette": float(normal_silhouette.mean()),
    }
    evidence = {"inertia": normal_inertia, "silhouette": normal_silhouette}
    return _answer("clusters", text, values, evidence)


def _answer(
    topic: str,
    text: str,
    values: Mapping[str, float] | None = None,
    evidence: Mapping[str, NDArray[Any]] | None = None,
) -> Answer:
    return Answer(topic, QUESTIONS[topic], text, values or {}, evidence or {})


def _against(structure: xr.Dataset, name: str) -> tuple[float, Floats]:
    """A value, and those of the draws of normal vectors."""
    return float(structure[name]), structure[f"normal_{name}"].values


def _chance(normal: Floats) -> float:
    """Standard deviation of the draws, at least 1 % of their mean, since they are few."""
    return max(float(normal.std(ddof=1)), 0.01 * float(normal.mean()))


def _too_few_compared(structure: xr.Dataset) -> str | None:
    """Why as many vectors as were compared decide nothing; None if they do."""
    vectors = int(structure["compared_vectors"])
    least = max(LEAST_VECTORS, PER_COMPONENT * int(structure["compared_components"]))
    return f"{vectors:,} vectors; at least {least:,} are needed" if vectors < least else None


def _sample(structure: xr.Dataset) -> str:
    return (
        f"{int(structure['compared_vectors']):,} vectors, "
        f"{int(structure['compared_components'])} leading principal components"
    )
