"""What cannot be drawn is refused with what was expected, what came, and the repair."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

import zpoints.pl as pl
from tests.pipeline.figures.public_figures import labelled_run, made_sweep
from tests.pipeline.report.report_run import Run, make_run
from zpoints.pipeline.errors import FigureError

WRONG: dict[str, tuple[Callable[[Run], Any], str]] = {
    "a component out of range": (
        lambda run: pl.histogram(run.statistics, component=8),
        r"Got component 8; expected a number from 0 to 7, since there are 8\.",
    ),
    "a negative component": (
        lambda run: pl.pairs(run.latents, (0, -1)),
        r"Got component -1; expected a number from 0 to 7",
    ),
    "a fraction": (
        lambda run: pl.histogram(run.statistics, component=1.5),
        r"Got component 1\.5; expected a number from 0 to 7",
    ),
    "no component": (lambda run: pl.histogram(run.statistics, []), "Got no component"),
    "one component of a pair": (
        lambda run: pl.pairs(run.latents, (3,)),
        r"Got components=\(3,\); expected 2 to 12 different ones",
    ),
    "a pair of equal ones": (
        lambda run: pl.pairs(run.latents, (3, 3)),
        r"Got components=\(3, 3\); expected 2 to 12 different ones",
    ),
    "another group": (
        lambda run: pl.histogram(run.latents, 0),
        r"lacks histogram, histogram_edges, mu, hw; expected the group `statistics`, .*z.*"
        r"Pass store\.statistics",
    ),
    "a list of statistics": (
        lambda run: pl.spectrum([1, 2]),
        r"Got a list; expected a store, or its group `statistics`",
    ),
    "vectors of one dimension": (
        lambda run: pl.pairs(np.arange(9.0)),
        r"Got a ndarray of shape \(9,\) and type float64; expected latent vectors",
    ),
    "text as vectors": (lambda run: pl.pairs("latents"), "Got str 'latents'; expected latent"),
    "vectors that are not finite": (
        lambda run: pl.pairs(np.full((3, 2), np.nan)),
        "None of the 3 vectors is finite",
    ),
    "an unknown label": (
        lambda run: pl.pairs(run.latents, color="Smilng"),
        r"Got color='Smilng'; expected a label of the vectors \(.*Smiling",
    ),
    "a label of vectors without labels": (
        lambda run: pl.pairs(run.latents["z"].values, color="Smiling"),
        "none, since these vectors carry no labels",
    ),
    "too few colours": (
        lambda run: pl.pairs(run.latents, color=[1, 2, 3]),
        r"a value for each of the 600 vectors",
    ),
    "generated vectors of another space": (
        lambda run: pl.pairs(run.latents, generated=np.zeros((5, 3))),
        "The generated vectors have 3 components and the z-points 8",
    ),
    "principal components without statistics": (
        lambda run: pl.pairs(run.latents, principal=True),
        r"Pass the store, or statistics=store\.statistics",
    ),
    "a level of zero": (lambda run: pl.pairs(run.latents, level=0), "Got level=0; expected"),
    "no points": (lambda run: pl.pairs(run.latents, points=0), "Got points=0; expected a whole"),
    "axes for several panels": (
        lambda run: pl.histogram(run.statistics, [0, 1], ax=_axes()),
        r"Got ax and 2 components; expected one component",
    ),
    "axes for a grid": (
        lambda run: pl.pairs(run.latents, (0, 1, 2), ax=_axes()),
        r"Got ax and 3 components; expected two",
    ),
    "axes that are none": (
        lambda run: pl.histogram(run.statistics, 0, ax=np.array([_axes()])),
        r"ax is a ndarray; expected Matplotlib axes",
    ),
    "a pair that is not stored": (
        lambda run: pl.densities(run.statistics, (0, 0)),
        r"No density of the pair \(0, 0\) is stored; expected one of \(",
    ),
    "pixels of a wrong range": (
        lambda run: pl.faces(np.full((2, 8, 8), 16.0)),
        r"Got pixels of float64 from 16 to 16; expected uint8, or floating point from 0 to 1",
    ),
    "pixels of a wrong type": (
        lambda run: pl.faces(np.zeros((2, 8, 8), np.int16)),
        "Got pixels of int16; expected uint8",
    ),
    "no images": (lambda run: pl.faces(np.zeros((0, 8, 8, 3), np.uint8)), "Got no images"),
    "vectors as images": (
        lambda run: pl.faces(run.latents),
        r"The dataset has no images; .* Pass store\.images or store\.samples\(name\)",
    ),
    "too few titles": (
        lambda run: pl.faces(run.images, 3, titles=["a"]),
        "Got 1 titles for 3 images; expected one for each",
    ),
    "titles of an unknown label": (
        lambda run: pl.faces(run.images, titles="Smilng"),
        "which has no such label",
    ),
    "categories of an unknown label": (
        lambda run: pl.categories(labelled_run().statistics, "digit"),
        "Got label='digit', which has no categories; labels with some: species",
    ),
    "categories without labels": (
        lambda run: pl.categories(run.statistics),
        "The dataset lacks category_count",
    ),
    "no columns": (lambda run: pl.faces(run.images, columns=0), "Got columns=0; expected"),
    "names that are too few": (
        lambda run: pl.paths(np.zeros((2, 3, 8, 8, 1), np.uint8), rows=["a"]),
        "Got 1 names of rows; expected 2",
    ),
    "unequal numbers of images": (
        lambda run: pl.reconstructions(run.images["pixels"][:2], run.images["pixels"][:3]),
        r"Got 2 originals of 64 x 64 pixels and 3 reconstructions of 64 x 64",
    ),
    "strips of one dataset": (
        lambda run: pl.strips(run.images),
        "expected a store, or a mapping of names",
    ),
    "a limit of zero": (
        lambda run: pl.radii(run.statistics, limits=(1, 0)),
        r"Got limits \(1, 0\); expected numbers above 0",
    ),
    "an unknown measure": (
        lambda run: pl.quality({"a": xr.Dataset({"recall": 0.5})}, ["recal"]),
        "Got 'recal' without such a measure; expected some of recall",
    ),
    "answers of statistics": (
        lambda run: pl.answers(run.statistics),
        r"expected a store, or store\.answers",
    ),
    "images of a sweep without them": (
        lambda run: pl.sweep_faces(made_sweep(images=False)),
        "The sweep has no images: its vectors have no network",
    ),
    "an image that a sweep lacks": (
        lambda run: pl.sweep_faces(made_sweep(), image=8),
        "Got image 8; expected a number from 0 to 7",
    ),
    "a point that a sweep lacks": (
        lambda run: pl.sweep_strips(made_sweep(), points=[0, 8]),
        "Got point 8; expected a number from 0 to 7",
    ),
    "a sweep that measured nothing": (
        lambda run: pl.frontier(made_sweep() * np.nan),
        r"None of the points has its measures.*raise sweep\.count",
    ),
    "no measures": (lambda run: pl.quality({}), "Got a dict; expected a store, or a mapping"),
    "clusters without centres": (
        lambda run: pl.clusters(xr.Dataset({"cluster_count": ("cluster", [1])})),
        r"Pass the store, or centres=store\.decode",
    ),
}


def _axes() -> Any:
    return pl.histogram(_ONE, 0).axes[0]


_ONE = xr.Dataset(
    {
        "histogram": (("component", "bin"), [[1, 2]]),
        "histogram_edges": (("component", "edge"), [[0.0, 1.0, 2.0]]),
        "mu": ("component", [1.0]),
        "hw": ("component", [1.0]),
    }
)


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run()


@pytest.mark.parametrize("case", WRONG)
def test_figure__refuses_what_it_cannot_draw(case: str, run: Run) -> None:
    draw, message = WRONG[case]

    with pytest.raises(FigureError, match=f"(?s){message}"):
        draw(run)
