"""One call of each public figure on a run in memory, as a user of `zpoints.pl` would write it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr

import zpoints.pl as pl
from tests.pipeline.report.report_run import Run, judged, make_run
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.claims import answers
from zpoints.pipeline.labels import Labels
from zpoints.pipeline.structure.structure_dataset import describe_structure
from zpoints.pipeline.sweep.stage import SWEPT

Draw = Callable[..., Any]


def labelled_run() -> Run:
    """A run with attributes, a structure, measures of quality and a sweep."""
    bare = make_run()
    z = bare.latents["z"].values
    signs = {f"A_{i}": ("image", z[:, i] > z[:, i].mean()) for i in (0, 1, 2)}
    latents = bare.latents.assign_coords(signs)
    latents["z"] = (("image", "component"), da.from_array(z, chunks=(128, -1)))
    structure = describe_structure(
        latents, analyze(latents["z"].data, attributes=Labels(latents).table)
    )
    latents = latents.assign_coords(
        species=(
            "image",
            np.array(["cat", "dog", "owl"], dtype=object)[
                (z[:, :2] > np.median(z[:, :2], axis=0)).sum(axis=1)
            ],
        ),
        age=("image", 40 + 8 * z[:, 3] - 5 * z[:, 4]),
        born=("image", np.datetime64("2000-01-01") + (90 * z[:, 5]).astype("m8[D]")),
    )
    labels = Labels(latents)
    statistics = analyze(
        latents["z"].data, attributes=labels.table, label_numbers=labels.as_numbers
    )
    return replace(
        bare,
        latents=latents,
        statistics=as_stored(statistics),
        structure=as_stored(structure),
        judged={"real": judged(np.nan, 0.9), "ellipse": judged(0.1, 0.99)},
        swept=_sweep(),
    )


def as_stored(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with the type of text that a store has."""
    text = {name: v for name, v in dataset.variables.items() if v.dtype.kind in "OU"}
    return dataset.assign(
        {name: variable.astype(np.dtypes.StringDType()) for name, variable in text.items()}
    )


def _sweep() -> xr.Dataset:
    law, k, fact = zip(*product(("pairwise", "uniform"), (20, 50), (0.3, 0.6)), strict=True)
    rng = np.random.default_rng(0)
    coords = {"law": np.array(law, dtype=object), "K": np.array(k), "fact": np.array(fact)}
    return xr.Dataset(
        {measure.name: ("point", rng.uniform(size=len(law))) for measure in SWEPT},
        coords={name: ("point", values) for name, values in coords.items()},
        attrs={"count": 200},
    )


FIGURES: dict[str, Callable[[Run], Any]] = {
    "angles": lambda run: pl.angles(run.structure),
    "answers": lambda run: pl.answers(answers(run.statistics, run.structure)),
    "categories": lambda run: pl.categories(run.statistics),
    "claims": lambda run: pl.claims(run.statistics),
    "clusters": lambda run: pl.clusters(
        run.structure, run.decode(run.structure["cluster_centre"].values)
    ),
    "correlation": lambda run: pl.correlation(run.statistics),
    "densities": lambda run: pl.densities(run.statistics),
    "drawn_points": lambda run: pl.drawn_points(run, "ellipse"),
    "faces": lambda run: pl.faces(run.images, n=6, columns=3),
    "frontier": lambda run: pl.frontier(run.sweep),
    "generators": lambda run: pl.generators(run.latents, run.groups, (0, 1, 2)),
    "histogram": lambda run: pl.histogram(run.statistics, component=[0, 1]),
    "intervals": lambda run: pl.intervals(run.statistics),
    "loss": lambda run: pl.loss(run.model),
    "mahalanobis": lambda run: pl.mahalanobis(run.statistics),
    "numbers": lambda run: pl.numbers(run.statistics),
    "pairs": lambda run: pl.pairs(run.latents, (0, 1), color="Smiling"),
    "paths": lambda run: pl.paths(run.images["pixels"].values[:6].reshape(2, 3, 64, 64, 3)),
    "probes": lambda run: pl.probes(run.structure),
    "quality": lambda run: pl.quality(run.judged),
    "radii": lambda run: pl.radii(run.statistics, run.groups),
    "reconstructions": lambda run: pl.reconstructions(
        run.images["pixels"][:4], run.images["pixels"][4:8]
    ),
    "spectrum": lambda run: pl.spectrum(run.statistics),
    "strips": lambda run: pl.strips(run.groups),
    "variance": lambda run: pl.variance(run.statistics),
}
"""By name, the figure of a run."""

PANELS: dict[str, Callable[[Run, Any], Any]] = {
    "angles": lambda run, ax: pl.angles(run.structure, ax=ax),
    "correlation": lambda run, ax: pl.correlation(run.statistics, ax=ax),
    "densities": lambda run, ax: pl.densities(run.statistics, first_pair(run), ax=ax),
    "faces": lambda run, ax: pl.faces(run.images, n=6, titles="image", ax=ax),
    "histogram": lambda run, ax: pl.histogram(run.statistics, component=5, ax=ax),
    "intervals": lambda run, ax: pl.intervals(run.statistics, ax=ax),
    "loss": lambda run, ax: pl.loss(run.model, ax=ax),
    "mahalanobis": lambda run, ax: pl.mahalanobis(run.statistics, ax=ax),
    "pairs": lambda run, ax: pl.pairs(run.latents, (0, 1), ax=ax),
    "paths": lambda run, ax: pl.paths(run.images["pixels"].values[:6], columns=range(6), ax=ax),
    "spectrum": lambda run, ax: pl.spectrum(run.statistics, ax=ax),
    "variance": lambda run, ax: pl.variance(run.statistics, ax=ax),
}
"""Those that take `ax`, one panel each."""


def first_pair(run: Run) -> tuple[int, int]:
    """The first pair whose density is stored."""
    one, other = run.statistics["pair_components"].values[0].tolist()
    return one, other
