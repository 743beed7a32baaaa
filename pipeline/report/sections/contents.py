"""What the page shows, in order: the one place where a figure or a table is listed.

To add one, write a function that returns a Figure (or a Table) and list it here as an Entry.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from markupsafe import Markup, escape

from zpoints.pipeline.report.data import Generated, Material
from zpoints.pipeline.report.elements import tables
from zpoints.pipeline.report.elements.entry import Entry, Section
from zpoints.pipeline.report.elements.tables import describe
from zpoints.pipeline.report.figures import densities, distributions, faces, structure, training
from zpoints.pipeline.report.inputs import StageTiming
from zpoints.pipeline.report.sections import by_label, frontier, quality
from zpoints.pipeline.report.sections.claims import claims_entries
from zpoints.pipeline.report.sections.mahalanobis import core_entries
from zpoints.pipeline.report.sections.motion import motion_entries
from zpoints.pipeline.report.sections.region import region_entries


def contents(
    material: Material, timings: Sequence[StageTiming], history: Sequence[Any]
) -> list[Section]:
    """List the sections of the page."""
    sections = [
        Section("training", "Training", _training(material)),
        Section("distributions", "Number distributions", _distributions(material)),
        Section("structure", "Structure of the latent vectors", _structure(material)),
        Section("attributes", "Structure by label", by_label.entries(material)),
        Section("region", "The region of the z-points", region_entries(material)),
        Section("faces", "Generated faces", _faces(material)),
        Section("motion", "Faces on the move", motion_entries(material)),
        *_judged(material),
        Section("run", "The run", _run(timings, history)),
    ]
    shown = [entry.id for section in sections for entry in section.entries]
    claims = Section("claims", "The claims", claims_entries(material, shown))
    return [section for section in (claims, *sections) if section.entries]


def _judged(m: Material) -> list[Section]:
    """How good the images are, where that was measured."""
    entries = [*quality.entries(m), *frontier.entries(m)]
    return [Section("quality", "Quality", entries)] if entries else []


def _training(m: Material) -> list[Entry]:
    return [
        Entry(
            "loss",
            "Loss curves",
            Markup(
                "Mean loss per image of the training and the validation images after each epoch, "
                "and the learning rate at its end. A validation curve that rises while the "
                "training curve falls would mean overfitting."
            ),
            lambda: training.loss_curves(m.model),
            "Training and validation loss against the epoch, and the learning rate.",
        ),
        Entry(
            "reconstructions",
            "Originals and reconstructions",
            Markup(
                "The first {} images of the {} split, not selected, each above what the decoder "
                "makes of its latent vector. Mean squared error over all images of the split: "
                "{:.5f} (pixel values from 0 to 1)."
            ).format(len(m.originals), m.held_out, m.error)
            if m.held_out != "all"
            else Markup(
                "The first {} images, not selected, each above what the decoder makes of its "
                "latent vector. Mean squared error over all images: {:.5f} (pixel values from "
                "0 to 1)."
            ).format(len(m.originals), m.error),
            lambda: faces.reconstruction_grid(m.originals, m.reconstructions),
            "Rows of photographs, each above its reconstruction by the autoencoder.",
        ),
    ]


def _distributions(m: Material) -> list[Entry]:
    s = m.statistics
    first = m.dominance.order[: m.config.components]
    leading = np.arange(min(m.config.components, s.sizes["pc"]))
    return [
        Entry(
            "spectrum",
            "Spectrum of all components",
            Markup(
                "Number distributions of all {} components. Left: one line per component, dark "
                "where most vectors are; lines away from zero, or wide, belong to the dominant "
                "components. Right: each distribution as the density of (<i>z<sub>i</sub></i> − "
                "mean) / <i>σ<sub>i</sub></i>, their median, and the normal distribution."
            ).format(s.sizes["component"]),
            lambda: distributions.spectrum(s),
            "Number distributions of all components as a heat map and as overlaid curves.",
        ),
        Entry(
            "dominant",
            "Most dominant components",
            Markup(
                "Number distributions of the {} most dominant components (largest of |<i>μ</i>| / "
                "{:g} and <i>hw</i> / {:g}). Dashed line: <i>μ</i>, the position of the maximum; "
                "bar: <i>hw</i>, the full width at half maximum (2.355 <i>σ</i> for a normal "
                "distribution). Components are numbered from 0, as in the store."
            ).format(len(first), m.config.dominant_mu, m.config.dominant_hw),
            lambda: distributions.number_distributions(s, first),
            "Histograms of the dominant components with mu and hw marked.",
        ),
        Entry(
            "mu-hw",
            "μ and hw of the dominant components",
            Markup(
                "The {} of {} components with |<i>μ</i>| ≥ {:g} or <i>hw</i> ≥ {:g}, in latent "
                "units, the most dominant first; bold: what reaches its threshold."
            ).format(
                m.dominance.count,
                s.sizes["component"],
                m.config.dominant_mu,
                m.config.dominant_hw,
            ),
            lambda: tables.dominant_table(m),
        ),
        Entry(
            "principal",
            "Leading principal components",
            Markup(
                "Number distributions of the PCA coordinates <i>v</i> = <i>V</i> (<i>z</i> − "
                "mean) of largest variance, marked as above. The generator <code>ellipse</code> "
                "takes its half-axes from these <i>hw</i>. Principal components are numbered "
                "from 1."
            ),
            lambda: distributions.number_distributions(s, leading, prefix="pc_", symbol="v"),
            "Histograms of the leading principal components with mu and hw marked.",
        ),
    ]


def _structure(m: Material) -> list[Entry]:
    s = m.statistics
    return [
        Entry(
            "radii",
            "Radii",
            Markup(
                "Lengths <i>r</i> = |<i>z</i>| of the latent vectors (mean {:.2f}, standard "
                "deviation {:.2f}) beside those of vectors with components uniform in "
                "[−<i>b</i>, <i>b</i>], on a logarithmic axis, each curve scaled to maximum 1. "
                "Dashed lines and bars: the expected mean <i>b</i> √(<i>N</i>/3 − 1/15) and "
                "standard deviation <i>b</i>/√15, for <i>N</i> = {}. A spread that grows with "
                "<i>N</i>, which one finds in print, is wrong: for <i>N</i> = 256 and <i>b</i> = 1 "
                "simulation gives 9.234 and 0.258. Below: median and 5% to 95% range, also of the "
                "generated vectors."
            ).format(float(s["radius_mean"]), float(s["radius_std"]), s.sizes["component"]),
            lambda: structure.radii(
                s, {g.name: g.radii for g in m.generated}, limits=m.config.uniform_limits
            ),
            "Radius distribution of the data beside those of uniform vectors for several b.",
        ),
        Entry(
            "correlation",
            "Correlations",
            Markup(
                "Pearson correlation of all pairs of components, ordered by dominance, and of "
                "the most dominant ones by their numbers. The colours end where 0.1% of the "
                "pairs lie beyond; grey: a constant component."
            ),
            lambda: structure.correlation(s, m.dominance.order),
            "Correlation matrix of the latent components.",
        ),
        *core_entries(m),
        *_densities(m),
        Entry(
            "variance",
            "Explained variance",
            Markup(
                "Variances <i>λ<sub>k</sub></i> of the principal components, and the share of "
                "the total variance that the <i>K</i> leading ones explain; marked: how many "
                "reach 50, 90, 95 and 99%."
            )
            + _solver_difference(s, leading=m.config.components),
            lambda: structure.explained_variance(s),
            "Scree plot and cumulative explained variance of the principal components.",
        ),
    ]


def _solver_difference(s: xr.Dataset, *, leading: int) -> Markup:
    """How far IncrementalPCA is from the exact components; nothing where it was not asked for."""
    if "solver_angle" not in s:
        return Markup("")
    error, angle = (
        np.abs(s[name].values[:leading]) for name in ("solver_variance_error", "solver_angle")
    )
    if np.isnan(angle).all():
        return Markup("")
    return Markup(
        " Computed by dask-ml’s IncrementalPCA; largest differences from the eigenvectors of the "
        "covariance among the {} leading components: {:.1e} of the variance, {:.1e}° between axes. "
        "Axes of nearly equal variance may turn freely."
    ).format(len(angle), np.nanmax(error), np.nanmax(angle))


def _densities(m: Material) -> list[Entry]:
    s = m.statistics
    kinds = [("original", "dominant components", "", "z"), ("pca", "PCA coordinates", "pc_", "v")]
    return [
        Entry(
            f"densities-{name}",
            f"Pair densities, {title}",
            densities.caption(s, prefix=prefix),
            partial(densities.pair_densities, s, prefix=prefix, symbol=symbol),
            f"Densities of pairs of {title} with contours, fitted ellipses, covariance ellipses.",
        )
        for name, title, prefix, symbol in kinds
        if s.sizes.get(f"{prefix}pair", 0) > 0
    ]


def _faces(m: Material) -> list[Entry]:
    return [
        Entry(
            "generators",
            "The generators",
            Markup(
                "Radius: mean ± standard deviation. Inside ellipses: share of the vectors inside "
                "the {:g} <i>σ</i> ellipse, averaged over the pairs of the {} leading principal "
                "components. Both from at most {:,} vectors each."
            ).format(m.config.ellipse_level, m.config.leading, m.config.scatter_points),
            lambda: tables.samples_table(m),
        ),
        *(_face_entry(position, g) for position, g in enumerate(m.generated, start=1)),
    ]


def _face_entry(position: int, g: Generated) -> Entry:
    attrs = g.attrs
    return Entry(
        f"faces-{position}-{re.sub(r'[^A-Za-z0-9]+', '-', g.name)}",
        g.name,
        Markup(
            "The first {} of {:,} images of the generator <code>{}</code>{}, seed {}, not "
            "selected. Constraint: {}."
        ).format(
            len(g.faces),
            g.count,
            attrs.get("generator", g.name),
            "".join((" with ", text) if (text := describe(attrs.get("parameters", {}))) else ()),
            attrs.get("seed", "unknown"),
            _typeset(str(attrs.get("constraint", "none")).rstrip(".")),
        ),
        lambda: faces.face_grid(g.faces),
        f"Images decoded from vectors of {g.name}.",
    )


def _run(timings: Sequence[StageTiming], history: Sequence[Any]) -> list[Entry]:
    return [
        Entry(
            "timings",
            "Timings",
            Markup("Wall time of the newest run of each stage."),
            lambda: tables.timings_table(timings),
        ),
        Entry(
            "history",
            "Versions",
            Markup("Published versions of the store, the newest first; times in UTC."),
            lambda: tables.history_table(history),
        ),
    ]


def _typeset(text: str) -> Markup:
    """Set a formula such as `u_i^2 <= 1`: subscripts, powers, relations."""
    html = str(escape(text)).replace("&lt;=", "≤").replace("&gt;=", "≥")
    html = re.sub(r"\b([A-Za-zμσλ]|hw)_([a-z])\b", r"<i>\1<sub>\2</sub></i>", html)
    return Markup(re.sub(r"\^(\d+)", r"<sup>\1</sup>", html))
