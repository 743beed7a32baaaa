"""Mahalanobis radii, the core and selections in the report."""

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
from scipy.stats import chi

from tests.pipeline.report.report_run import CONFIG, Run, make_run
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.figures.radius_distributions import mahalanobis
from zpoints.pipeline.report.data import read_data
from zpoints.pipeline.report.sections import mahalanobis_radii
from zpoints.pipeline.report.tables.selections import selections


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run()


def test_mahalanobis__draws_the_stored_density_and_that_of_chi(run: Run) -> None:
    figure = mahalanobis(run.statistics)

    (axes,) = figure.axes
    radius, density = axes.lines[0].get_data()
    np.testing.assert_allclose(density, chi.pdf(radius, 7))  # one of 8 components is constant
    drawn = axes.patches[0].get_data()
    assert np.sum(drawn.values * np.diff(drawn.edges)) == pytest.approx(1)


def test_entry__states_the_share_of_the_core(run: Run) -> None:
    entry = mahalanobis_radii.entry(run.statistics)

    share = float(run.statistics["core_count"]) / 600
    assert f"holds {share:.1%} of the vectors, and would hold 98.9% of normal ones" in entry.caption


def test_selections__compares_each_selection_with_all_vectors(run: Run) -> None:
    z, smiling = run.latents["z"].values, run.latents["Smiling"].values
    found = analyze(da.from_array(z), where=smiling).assign_attrs(query="Smiling")
    data = read_data(replace(run, selections={"happy": found}), CONFIG, run.decode)

    (row,) = selections(data.statistics, data.selections).rows

    exact = z.astype(np.float64)
    shift = exact[smiling].mean(axis=0) - exact.mean(axis=0)
    expected = np.sqrt(shift @ np.linalg.pinv(np.cov(exact, rowvar=False)) @ shift)
    assert row[:3] == ("happy", "Smiling", f"{smiling.sum():,}")
    assert float(row[4]) == pytest.approx(expected, rel=0.01)
    share = exact[smiling].var(axis=0, ddof=1).sum() / exact.var(axis=0, ddof=1).sum()
    assert row[5] == f"{share:.1%}"


def test_selections__has_no_variance_of_a_single_vector(run: Run) -> None:
    only = np.arange(600) == 5
    found = analyze(da.from_array(run.latents["z"].values), where=only).assign_attrs(query="one")
    data = read_data(replace(run, selections={"one": found}), CONFIG, run.decode)

    (row,) = selections(data.statistics, data.selections).rows

    assert row[2:4] == ("1", "0.2%")
    assert row[5] == "–"
