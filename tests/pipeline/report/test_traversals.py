"""Traversals and interpolations, conditioned samples, as the report shows them."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from tests.pipeline.report.report_run import CONFIG, Run, make_run
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.evaluate.held_out import mixed
from zpoints.pipeline.report.data import ReportData, read_data
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.sections import traversals
from zpoints.pipeline.report.sections.contents import contents
from zpoints.pipeline.report.traversals import SHARES, STRENGTHS, shown_attributes
from zpoints.pipeline.sample.arithmetic import attribute_direction

ROWS = mixed(np.arange(540, 600))
"""Held-out rows in the order in which the report shows them."""


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run()


@pytest.fixture(scope="module")
def data(run: Run) -> ReportData:
    return read_data(run, CONFIG, run.decode)


def entries(data: ReportData) -> dict[str, Entry]:
    return {entry.id: entry for section in contents(data, [], []) for entry in section.entries}


def test_traversal__is_decoded_along_the_direction(run: Run, data: ReportData) -> None:
    (smiling,) = data.traversals
    direction = attribute_direction(run.statistics, "Smiling")
    z = run.latents["z"].values[ROWS[:4]]
    for column, strength in enumerate(STRENGTHS):
        expected = run.decode((z + strength * direction).astype(np.float32))
        np.testing.assert_array_equal(smiling.images[:, column], expected)
    np.testing.assert_array_equal(smiling.has, run.latents["Smiling"].values[ROWS[:4]])
    np.testing.assert_array_equal(data.start_images[:4], run.images["pixels"][ROWS[:4]])
    caption = entries(data)["attribute-Smiling"].caption
    assert f"{int(run.latents['Smiling'].sum()):,} images that have the attribute" in caption


def test_entries__an_attribute_is_no_path(data: ReportData) -> None:
    named = replace(data, traversals=[replace(data.traversals[0], attribute="../../<b>x")])

    (entry,) = (e for e in traversals.entries(named) if "x" in e.title)

    assert set(entry.id).isdisjoint("/.%<")
    assert "<b>" not in entry.caption


def test_traverse__leaves_out_images_without_a_finite_vector(run: Run) -> None:
    latents = run.latents.copy(deep=True).load()
    latents["z"][ROWS[1], 2] = np.nan
    data = read_data(replace(run, latents=latents), CONFIG, run.decode)

    np.testing.assert_array_equal(data.start_images[:3], run.images["pixels"][ROWS[[0, 2, 3]]])
    assert all(np.isfinite(data.interpolations.radii))


def test_entries__without_splits_show_images_of_the_store() -> None:
    plain = make_run(count=200, split=False)
    captions = [e.caption for e in traversals.entries(read_data(plain, CONFIG, plain.decode))]

    assert any("images of the store, not selected" in caption for caption in captions)


def test_attribute_traversal__draws_photograph_and_strengths_pixel_for_pixel(
    data: ReportData,
) -> None:
    figure = traversals.attribute_traversal(data.start_images, data.traversals[0])
    (axes,) = figure.axes
    canvas = axes.images[0].get_array()[..., :3]
    np.testing.assert_array_equal(canvas[66:130, :64], data.start_images[1])
    np.testing.assert_array_equal(canvas[66:130, 66:130], data.traversals[0].images[1, 0])
    names = (*axes.get_xticklabels(), *axes.get_yticklabels())
    assert {name.get_text() for name in names} >= {"with", "without", "−1.5", "0", "+1.5"}


def test_interpolations__begin_and_end_at_the_images(run: Run, data: ReportData) -> None:
    between = data.interpolations
    assert between.line.shape[:2] == between.arc.shape[:2] == (3, len(SHARES))
    ends = run.decode(run.latents["z"].values[ROWS[:6]]).reshape(3, 2, *between.line.shape[2:])
    for path in (between.line, between.arc):
        difference = np.abs(path[:, [0, -1]].astype(int) - ends)
        assert difference.max() <= 1
    on_ends, on_line, on_arc = between.radii
    assert on_line < on_arc
    assert on_line < on_ends


def test_read_data__without_attributes_or_pairs_has_no_traversals(run: Run) -> None:
    bare = replace(run, statistics=run.statistics.drop_dims("attribute"))
    config = CONFIG.model_copy(update={"interpolations": 0})
    data = read_data(bare, config, run.decode)
    assert "traversals" not in {section.id for section in contents(data, [], [])}


def test_shown_attributes__are_those_named_visible_ones_or_the_most_even(run: Run) -> None:
    def having(counts: dict[str, int]) -> xr.Dataset:
        statistics = run.statistics.drop_dims("attribute")
        return statistics.assign(
            attribute=list(counts),
            attribute_mean=(("attribute", "component"), np.zeros((len(counts), 8))),
            attribute_count=("attribute", list(counts.values())),
        )

    celeba = having({"Young": 300, "Male": 250, "Eyeglasses": 0, "Smiling": 200})
    assert shown_attributes(celeba, None) == ["Smiling", "Male"]
    assert shown_attributes(celeba, ["Young"]) == ["Young"]
    own = having({"rare": 3, "half": 299, "all": 600, "third": 200, "most": 500})
    assert shown_attributes(own, None) == ["half", "third", "most"]
    with pytest.raises(SampleError, match=r"report.attributes: .*'Smyling'"):
        shown_attributes(celeba, ["Smyling"])
    with pytest.raises(SampleError, match="0 of 600 vectors"):
        shown_attributes(celeba, ["Eyeglasses"])


def test_entries__show_conditioned_samples(run: Run) -> None:
    drawn = run.groups["gaussian"]
    parameters = {"selection": "smiling", "base": {"generator": "gaussian"}}
    conditioned = drawn.assign_attrs(generator="conditional", parameters=parameters)
    groups = {**run.groups, "smiling": conditioned}
    data = read_data(replace(run, groups=groups), CONFIG, run.decode)
    figure = entries(data)["conditioned"].draw()
    assert not isinstance(figure, Table)
    canvas = figure.axes[0].images[0].get_array()[..., :3]
    np.testing.assert_array_equal(canvas[:64, 66:130], drawn["pixels"].values[1])
    assert "conditioned" not in entries(read_data(run, CONFIG, run.decode))
