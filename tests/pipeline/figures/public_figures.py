"""One call of each public figure on a run in memory, as a user of `zpoints.pl` would write it."""

from collections.abc import Callable, Mapping, Sequence
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
from zpoints.storage.labels.columns import label_values

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
        swept=made_sweep(),
    )


def as_stored(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with the type of text that a store has."""
    text = {name: v for name, v in dataset.variables.items() if v.dtype.kind in "OU"}
    return dataset.assign(
        {name: variable.astype(np.dtypes.StringDType()) for name, variable in text.items()}
    )


def made_sweep(
    grid: Mapping[str, Sequence[Any]] | None = None, *, images: bool = True
) -> xr.Dataset:
    """A sweep of `ellipse` in memory: numbers and images that grow with the last parameter.

    Parameters
    ----------
    grid
        Values of each parameter.
    images
        Whether there are images, and measures of them.
    """
    grid = grid or {"law": ("pairwise", "uniform"), "K": (20, 50), "fact": (0.3, 0.6)}
    points = list(product(*grid.values()))
    share = np.linspace(0.1, 0.9, len(points))
    found = {"recall": share, "precision": 1 - share**2, "coverage": share, "density": 1 / share}
    variables: dict[str, Any] = {name: ("point", of_points) for name, of_points in found.items()}
    if images:
        pixels = np.arange(8)[:, None, None, None] * 10 + np.zeros((8, 32, 32, 3))
        strips = (pixels + 150 * share[:, None, None, None, None]).astype(np.uint8)
        variables["pixels"] = (("point", "image", "y", "x", "channel"), strips)
        variables |= {"round_trip": ("point", share), "face_rate": ("point", share)}
    columns = {name: [point[k] for point in points] for k, name in enumerate(grid)}
    return xr.Dataset(
        variables,
        coords={name: ("point", label_values(column)) for name, column in columns.items()},
        attrs={"count": 200, "generator": "ellipse", "varied": list(grid)},
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
    "sweep_faces": lambda run: pl.sweep_faces(run.sweep),
    "sweep_strips": lambda run: pl.sweep_strips(run.sweep),
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
