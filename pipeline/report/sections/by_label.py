"""The section of the structure by label: its entries and the sentence that answers its question."""

from collections.abc import Callable, Iterable

import numpy as np
import xarray as xr
from markupsafe import Markup
from matplotlib.figure import Figure

from zpoints.pipeline.report.data import Material
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.figures import attributes
from zpoints.pipeline.report.figures.attributes import SHOWN_CLUSTERS, words

FOUND = 0.8
"""Area under the ROC curve from which an attribute counts as found (0.5 is chance)."""
NAMED = 8


def entries(m: Material) -> list[Entry]:
    """Probes, clusters and angles, as far as there are labels; nothing where no stage made them."""
    s = m.structure
    if s is None:
        return []
    assert m.centres is not None
    centres = m.centres
    found = [_clusters(s, lambda: attributes.clusters(s, centres))]
    if "attribute" not in s.coords:
        return found
    if np.isfinite(s["probe_roc_auc"].values).any():
        found.insert(0, _probes(s))
    if np.isfinite(s["direction_effect"].values).any():
        found.append(_angles(s))
    return found


def answer(structure: xr.Dataset) -> Markup:
    """Say which attributes are found by a linear probe, and which by the clusters."""
    names = structure["attribute"].values
    probe = np.nan_to_num(structure["probe_roc_auc"].values)
    cluster = np.nan_to_num(structure["cluster_roc_auc"].values)
    gain = (structure["probe_accuracy"] - structure["probe_majority"]).values
    tested = np.count_nonzero(np.isfinite(gain))
    by_probe = [i for i in np.argsort(-np.nan_to_num(gain)) if probe[i] >= FOUND]
    by_cluster = [i for i in np.argsort(-cluster) if cluster[i] >= FOUND]
    gains = (f"{words(names[i])} " + f"{gain[i] * 100:+.0f}".replace("-", "−") for i in by_probe)
    return Markup(
        "A linear probe finds {} of {} attributes (area under the ROC curve ≥ {:g}; gain in "
        "points of accuracy: {}). Clusters find {}. "
    ).format(
        len(by_probe),
        tested,
        FOUND,
        _listed(gains),
        _listed(words(names[i]) for i in by_cluster),
    )


def _listed(names: Iterable[str]) -> str:
    everything = list(names)
    more = len(everything) - NAMED
    said = ", ".join(everything[:NAMED])
    return f"{said} and {more} more" if more > 0 else said or "none"


def _probes(s: xr.Dataset) -> Entry:
    return Entry(
        "probes",
        "Attributes by linear probes",
        answer(s)
        + Markup(
            "Left: accuracy of a linear probe (logistic regression on <i>z</i>) on the test images "
            "beside always naming the more frequent value. Right: how well the probe, and the "
            "cluster of a vector alone, order the test images; 0.5 is chance. An attribute that "
            "few images have gains little accuracy even where the probe orders the images well."
        ),
        lambda: attributes.probes(s),
        "Accuracy of linear probes over the majority rate, and ROC areas of probes and clusters.",
    )


def _clusters(s: xr.Dataset, draw: Callable[[], Figure]) -> Entry:
    count = s.sizes["cluster"]
    caption = Markup("{} k-means clusters, {}: decoded centre, vectors and their share.").format(
        count, "the largest first" if count <= SHOWN_CLUSTERS else f"the largest {SHOWN_CLUSTERS}"
    )
    if "attribute" in s.coords:
        v = s["cluster_cramers_v"]
        caption += Markup(
            " Bars: share of the attributes that a cluster has most of; lines: their share among "
            "all vectors. Cramér’s <i>V</i> of clusters and attribute (0: no cluster differs, 1: "
            "each has all or none): {}."
        ).format(_strongest(v))
    return Entry(
        "clusters",
        "Clusters",
        caption,
        draw,
        "For each cluster its decoded centre, its size and its most enriched attributes.",
    )


def _strongest(v: xr.DataArray, named: int = 3) -> str:
    values = np.nan_to_num(v.values)
    order = np.argsort(-values)[:named]
    said = ", ".join(f"{values[i]:.2f} {words(v['attribute'].values[i])}" for i in order)
    return f"{said}; median {np.nanmedian(v.values):.2f}"


def _angles(s: xr.Dataset) -> Entry:
    effect = s["direction_effect"]
    order = np.argsort(-np.nan_to_num(effect.values))[:3]
    named = ", ".join(
        f"{words(effect['attribute'].values[i])} {effect.values[i]:.1f}" for i in order
    )
    return Entry(
        "attribute-angles",
        "Angles between attribute directions",
        Markup(
            "Direction of an attribute: mean of the vectors with it minus mean of those without. "
            "Above the diagonal the angles in latent coordinates, below it in whitened PCA "
            "coordinates; red: the attributes go together, blue: they exclude each other, white: "
            "90°. Ordered by hierarchical clustering. Farthest apart in units of the spread along "
            "their direction (Cohen’s <i>d</i> that further vectors would show, without the length "
            "that chance gives to every direction): {}."
        ).format(named),
        lambda: attributes.angles(s),
        "Matrix of the angles between the directions of all pairs of attributes.",
    )
