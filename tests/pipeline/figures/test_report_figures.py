"""The report shows what the public functions draw of the same datasets."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import zpoints.pl as pl
from tests.pipeline.figures.public_figures import labelled_run
from tests.pipeline.report.report_run import CONFIG, Run
from zpoints.pipeline.claims import answers
from zpoints.pipeline.figures import style
from zpoints.pipeline.report.data import read_data
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.sections.contents import contents

SAME: dict[str, Callable[[Run], Any]] = {
    "spectrum": lambda run: pl.spectrum(run.statistics),
    "intervals": lambda run: pl.intervals(run.statistics),
    "mahalanobis": lambda run: pl.mahalanobis(run.statistics),
    "densities-pca": lambda run: pl.densities(run.statistics, principal=True),
    "correlation": lambda run: pl.correlation(run.statistics),
    "variance": lambda run: pl.variance(run.statistics),
    "answers": lambda run: pl.answers(answers(run.statistics, run.structure)),
    "claims-components": lambda run: pl.claims(run.statistics),
    "principal": lambda run: pl.histogram(run.statistics, range(5), principal=True),
    "radii": lambda run: pl.radii(run.statistics, run.groups),
    "label-categories": lambda run: pl.categories(run.statistics),
    "label-numbers": lambda run: pl.numbers(run.statistics),
    "loss": lambda run: pl.loss(run.model),
    "probes": lambda run: pl.probes(run.structure),
    "faces-1-ellipse": lambda run: pl.faces(run.groups["ellipse"], n=7, columns=None),
    "frontier": lambda run: pl.frontier(run.sweep),
    "sweep-faces": lambda run: pl.sweep_faces(run.sweep),
    "sweep-strips": lambda run: pl.sweep_strips(run.sweep),
    "quality-measures": lambda run: pl.quality(run.judged),
    "drawn-points": lambda run: pl.drawn_points(run, "ellipse", number=7),
    "generators-pca": lambda run: pl.generators(
        run.latents, run.groups, (0, 1, 2), principal=True, statistics=run.statistics, points=300
    ),
}


@pytest.fixture(scope="module")
def run() -> Run:
    return labelled_run()


@pytest.fixture(scope="module")
def entries(run: Run) -> Mapping[str, Entry]:
    sections = contents(read_data(run, CONFIG, run.decode), [], [])
    return {entry.id: entry for section in sections for entry in section.entries}


@pytest.mark.parametrize("name", SAME)
def test_report__its_picture_is_that_of_the_public_function(
    name: str, run: Run, entries: Mapping[str, Entry], tmp_path: Path
) -> None:
    style.save(entries[name].draw(), tmp_path / "figure.png")

    assert (tmp_path / "figure.png").read_bytes() == SAME[name](run)._repr_png_()
