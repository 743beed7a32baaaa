"""Section by label: categories, numbers, linear probes, clusters, angles between directions."""

from typing import Any

import numpy as np
import xarray as xr
from markupsafe import Markup

from zpoints.pipeline.figures.labels.angles import angles
from zpoints.pipeline.figures.labels.clusters import SHOWN_CLUSTERS, clusters
from zpoints.pipeline.figures.labels.probes import probes
from zpoints.pipeline.figures.labels.statistics import MOST_ROWS, categories, numbers
from zpoints.pipeline.figures.style import readable
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.tables.clusters import cluster_sizes
from zpoints.pipeline.report.tables.labels import label_probes
from zpoints.pipeline.report.tables.selections import selections
from zpoints.storage.text import some_of

FOUND = 0.8
"""Area under the ROC curve from which an attribute counts as found (0.5 is chance)."""

FINDINGS = Markup(
    "A linear probe finds {by_probe} of {tested} attributes (area under the ROC curve ≥ {found:g}; "
    "gain in percentage points of accuracy: {gains}). The clusters find {by_cluster}."
)
PROBES = Markup(
    "Left: accuracy of a linear probe (logistic regression on <i>z</i>) on the vectors of the test "
    "split, and of "
    "always naming the more frequent value. Right: area under the ROC curve of the probe, and of "
    "the cluster of a vector alone; 0.5 is chance. An attribute that few vectors have gains "
    "little accuracy even where the probe orders the vectors well."
)
PROBED_LABELS = Markup(
    " Below: accuracy for labels of categories, and of always naming the most frequent one; "
    "<i>R</i>² for numbers and dates."
)
LABELS = Markup(
    "Labels beside the attributes: their classes, or mean and standard deviation; how well a "
    "linear probe finds them in the test vectors, and how well one does without looking at a "
    "vector. Of numbers and dates <i>R</i>² is the share of the variance that the probe explains. "
    "{found}"
)
FOUND_LABEL = "Found best: {name} ({kind} {score:.2f})."
FOUND_NONE = "No label was probed."
CATEGORIES = Markup(
    "Categories of the labels{shown}: number of vectors, and the mean of their vectors minus the "
    "mean of all, in standard deviations of each component. A category of <i>n</i> vectors differs "
    "by about 1/√<i>n</i> by chance. Farthest: {name}, in component {component} ({value:+.1f})."
)
NUMBERS = Markup(
    "Labels of numbers and dates, with mean and standard deviation: number of vectors with a "
    "value, and the correlation of the label with each component. A correlation within "
    "±2/√<i>n</i> may be chance. Largest: {name} with component {component} ({value:+.2f})."
)
CLUSTERS = Markup(
    "{count} k-means clusters, {which}: decoded centre, number of vectors and their share."
)
CLUSTERS_ALONE = Markup("{count} k-means clusters: number of vectors and their share.")
CLUSTER_SIZES = Markup(
    " They hold {least:.1%} to {most:.1%} of the vectors; equal ones would hold {equal:.1%}."
)
CLUSTER_LABELS = Markup(
    " Bars: share of the labels in which a cluster exceeds all vectors most; marks: their share "
    "among all vectors."
)
CLUSTER_ATTRIBUTES = Markup(
    " Cramér’s <i>V</i> of clusters and attribute (0: no cluster differs, "
    "1: each has all or none) is highest for {strongest}."
)
ANGLES = Markup(
    "Angles between the directions of attributes: above the diagonal in latent coordinates, below "
    "it in whitened PCA coordinates, ordered by hierarchical clustering. The direction of an "
    "attribute is the mean of the vectors with it minus the mean of those without. Red attributes "
    "occur together, blue ones exclude each other, white is 90°. The largest distances along their "
    "direction, in units of the spread (Cohen’s <i>d</i> of further vectors, without the length "
    "that chance adds to a direction): {largest}."
)

SELECTIONS = Markup(
    "Statistics of the vectors that a query of the labels selects, compared with all vectors. "
    "Shift: Mahalanobis distance between the means of the selection and of all vectors. Variance: "
    "sum over all components, as a share of that of all vectors; below 100% the selected vectors "
    "are more alike than all."
)


def entries(data: ReportData) -> list[Entry]:
    """Labels, probes, clusters and angles, as far as there are labels, and selections."""
    return [*_structure(data), *_selections(data)]


def _structure(data: ReportData) -> list[Entry]:
    s, described = data.structure, _label_statistics(data.statistics)
    if s is None:
        return described
    found = [*described, _clusters(s, data.cluster_images)]
    if {"categorical", "numeric"} & set(s.coords):
        found.insert(0, _labels(data.statistics, s))
    if "attribute" not in s.coords:
        return found
    if np.isfinite(s["probe_roc_auc"].values).any():
        found.insert(0, _probes(s))
    if np.count_nonzero(np.isfinite(s["direction_effect"].values)) > 1:
        found.append(_angles(s))
    return found


def _selections(data: ReportData) -> list[Entry]:
    if not data.selections:
        return []
    return [
        Entry(
            "selections",
            "Selections",
            SELECTIONS,
            lambda: selections(data.statistics, data.selections),
        )
    ]


def findings(structure: xr.Dataset) -> Markup:
    """The attributes that a linear probe finds, and those that the clusters find."""
    names = structure["attribute"].values
    probe = np.nan_to_num(structure["probe_roc_auc"].values)
    cluster = np.nan_to_num(structure["cluster_roc_auc"].values)
    gain = (structure["probe_accuracy"] - structure["probe_majority"]).values
    by_probe = [i for i in np.argsort(-np.nan_to_num(gain)) if probe[i] >= FOUND]
    by_cluster = [i for i in np.argsort(-cluster) if cluster[i] >= FOUND]
    gains = (f"{readable(names[i])} " + f"{gain[i] * 100:+.0f}".replace("-", "−") for i in by_probe)
    return FINDINGS.format(
        by_probe=len(by_probe),
        tested=np.count_nonzero(np.isfinite(gain)),
        found=FOUND,
        gains=some_of(gains),
        by_cluster=some_of(readable(names[i]) for i in by_cluster),
    )


def _probes(s: xr.Dataset) -> Entry:
    below = PROBED_LABELS if {"categorical", "numeric"} & set(s.coords) else ""
    return Entry(
        "probes",
        "Attributes",
        PROBES + below + " " + findings(s),
        lambda: probes(s),
        "Accuracy of linear probes over the majority rate, and ROC areas of probes and clusters.",
    )


def _labels(statistics: xr.Dataset, s: xr.Dataset) -> Entry:
    caption = LABELS.format(found=_best_label(s))
    return Entry("label-probes", "Labels", caption, lambda: label_probes(statistics, s))


def _best_label(s: xr.Dataset) -> str:
    """The label with the largest score of a probe."""
    scores = [
        (float(score), readable(str(name)), kind)
        for dim, variable, kind in (
            ("categorical", "class_balanced_accuracy", "balanced accuracy"),
            ("numeric", "numeric_r2", "R²"),
        )
        if dim in s.coords
        for name, score in zip(s[dim].values, s[variable].values, strict=True)
        if np.isfinite(score)
    ]
    if not scores:
        return FOUND_NONE
    score, name, kind = max(scores)
    return FOUND_LABEL.format(name=name, kind=kind, score=score)


def _label_statistics(statistics: xr.Dataset) -> list[Entry]:
    """The figures of what is known of categories and numbers, as far as there are such labels."""
    found = []
    if count := statistics.sizes.get("category", 0):
        shown = "" if count <= MOST_ROWS else f", the {MOST_ROWS} most frequent of {count}"
        found.append(
            Entry(
                "label-categories",
                "Categories",
                CATEGORIES.format(shown=shown, **_farthest(statistics)),
                lambda: categories(statistics),
                "Number of vectors of each category, and the shift of its mean by component.",
            )
        )
    if statistics.sizes.get("numeric", 0):
        found.append(
            Entry(
                "label-numbers",
                "Numbers and dates",
                NUMBERS.format(**_largest(statistics["numeric_correlation"], "numeric")),
                lambda: numbers(statistics),
                "Correlation of each label of numbers or dates with each component.",
            )
        )
    return found


def _farthest(statistics: xr.Dataset) -> dict[str, Any]:
    """The category and the component whose mean is farthest from that of all, in deviations."""
    with np.errstate(divide="ignore", invalid="ignore"):
        away = (statistics["category_mean"] - statistics["mean"]) / np.sqrt(statistics["variance"])
    return _largest(away, "category")


def _largest(values: xr.DataArray, dim: str) -> dict[str, Any]:
    """Name, component and value of the largest absolute value of (`dim`, component)."""
    values = values.transpose(dim, "component")
    size = np.nan_to_num(np.abs(values.values), posinf=0.0)
    row, component = np.unravel_index(size.argmax(), size.shape)
    return {
        "name": readable(str(values[dim].values[row])),
        "component": component,
        "value": float(values.values[row, component]),
    }


def _clusters(s: xr.Dataset, centres: np.ndarray | None) -> Entry:
    if centres is None:
        caption = CLUSTERS_ALONE.format(count=s.sizes["cluster"]) + _sizes(s)
        return Entry("clusters", "Clusters", caption, lambda: cluster_sizes(s))
    count = s.sizes["cluster"]
    which = "the largest first" if count <= SHOWN_CLUSTERS else f"the largest {SHOWN_CLUSTERS}"
    caption = CLUSTERS.format(count=count, which=which)
    if {"attribute", "category"} & set(s.coords):
        caption += CLUSTER_LABELS
    caption += _sizes(s)
    if "attribute" in s.coords:
        caption += CLUSTER_ATTRIBUTES.format(strongest=_strongest(s["cluster_cramers_v"]))
    return Entry(
        "clusters",
        "Clusters",
        caption,
        lambda: clusters(s, centres),
        "For each cluster its decoded centre, its size and its most enriched attributes.",
    )


def _sizes(s: xr.Dataset) -> Markup:
    share = s["cluster_count"].values / max(int(s["cluster_count"].sum()), 1)
    return CLUSTER_SIZES.format(least=share.min(), most=share.max(), equal=1 / len(share))


def _strongest(v: xr.DataArray, listed: int = 3) -> str:
    values = np.nan_to_num(v.values)
    names = v["attribute"].values
    order = np.argsort(-values)[:listed]
    text = ", ".join(f"{readable(names[i])} ({values[i]:.2f})" for i in order)
    return f"{text}; median {np.nanmedian(v.values):.2f}"


def _angles(s: xr.Dataset) -> Entry:
    effect = s["direction_effect"].values
    names = s["attribute"].values
    order = np.argsort(-np.nan_to_num(effect))[:3]
    return Entry(
        "direction-angles",
        "Angles",
        ANGLES.format(largest=", ".join(f"{readable(names[i])} {effect[i]:.1f}" for i in order)),
        lambda: angles(s),
        "Matrix of the angles between the directions of all pairs of attributes.",
    )
