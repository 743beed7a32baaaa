"""The claims and the faces on the move, as the report shows them."""

import re
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from tests.pipeline.report.report_run import CONFIG, Run, judged, make_run
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.report.data import ReportData, read_data
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.figures.claims import components_against_claims
from zpoints.pipeline.report.figures.traversals import attribute_traversal
from zpoints.pipeline.report.sections import traversals
from zpoints.pipeline.report.sections.contents import contents
from zpoints.pipeline.report.traversals import SHARES, STRENGTHS, shown_attributes
from zpoints.pipeline.sample.arithmetic import attribute_direction
from zpoints.pipeline.sample.region import hit_test, pair_violations


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run()


@pytest.fixture(scope="module")
def data(run: Run) -> ReportData:
    return read_data(run, CONFIG, run.decode)


def entries(data: ReportData) -> dict[str, Entry]:
    return {entry.id: entry for section in contents(data, [], []) for entry in section.entries}


def table(data: ReportData, name: str) -> Table:
    drawn = entries(data)[name].draw()
    assert isinstance(drawn, Table)
    return drawn


def test_contents__begin_with_the_claims(data: ReportData) -> None:
    first, *_ = contents(data, [], [])
    assert first.id == "claims"
    assert first.entries[0].id == "claims-table"


def test_claims_table__has_thirteen_rows_whose_links_lead_to_entries(data: ReportData) -> None:
    rows, shown = table(data, "claims-table").rows, entries(data)
    assert [row[0].split(".")[0] for row in rows] == [str(number) for number in range(1, 14)]
    for row in rows:
        links = re.findall(r'href="#([^"]+)"', row[-1])
        assert links
        assert set(links) <= set(shown)
    verdicts = {re.sub("<[^>]*>", "", row[3]) for row in rows}
    assert verdicts == {"holds", "does not hold", "not measured"}


def test_claims_table__judges_faces_once_they_are_evaluated(run: Run) -> None:
    rates = {"ellipse": 0.9, "uniform_12": 0.0, "gaussian": 0.5, "reconstruction": 0.92}
    evaluated = {name: judged(0.2, rate) for name, rate in rates.items()}
    with_faces = read_data(replace(run, judged=evaluated), CONFIG, run.decode)
    for data, verdict in (
        (with_faces, "holds"),
        (read_data(run, CONFIG, run.decode), "not"),
    ):
        assert verdict in table(data, "claims-table").rows[-1][3]


def test_claims_table__without_pairs_links_to_no_missing_figure(run: Run) -> None:
    none = run.statistics.isel(pair=slice(0), pc_pair=slice(0))
    data = read_data(replace(run, statistics=none), CONFIG, run.decode)
    tenth = table(data, "claims-table").rows[9]
    assert tenth[-1] == ""
    assert "not measured" in tenth[3]


def test_claims_table__takes_the_reports_bounds_of_dominance(run: Run) -> None:
    strict = CONFIG.model_copy(update={"dominant_mu": 1e9, "dominant_hw": 1e9})

    for config, found in ((CONFIG, "largest"), (strict, "fewer than two dominant")):
        ninth = table(read_data(run, config, run.decode), "claims-table").rows[8]
        assert found in ninth[1]


def test_region_table__states_shares_and_violations(run: Run, data: ReportData) -> None:
    rows = {row[0]: row for row in table(data, "inside").rows}
    assert list(rows)[:4] == ["data", "ellipse", "uniform_12", "gaussian"]
    assert len(rows) == 4 + 5
    z = run.groups["gaussian"]["z"].values
    shares = hit_test(z, run.statistics) / len(z)
    assert rows["gaussian"][2:6] == tuple(f"{share:.1%}" for share in shares)
    violated = pair_violations(z, run.statistics, K=6, fact=0.7).mean()
    assert rows["gaussian"][-1] == f"{violated:,.1f}"
    assert rows["ellipse"][-1] == "0.0"


def test_hit_table__has_the_limits_and_multiples_of_the_source(data: ReportData) -> None:
    hits = table(data, "hits")
    assert hits.header == ("", "1.5 hw", "2 hw", "3 hw", "12 hw")
    assert [row[0] for row in hits.rows] == [f"b = {b:g}" for b in (12, 3, 2, 1.5, 1)]


def test_components_against_claims__marks_what_the_claims_allow(run: Run) -> None:
    axes = components_against_claims(run.statistics).axes[4]
    curve, *lines = axes.get_lines()
    hw = np.sort(run.statistics["hw"].values)[::-1]
    np.testing.assert_array_equal(curve.get_ydata(), hw)
    marks = [(line.get_xdata()[0], line.get_ydata()[0]) for line in lines[1::2]]
    assert marks == [(40 / 32, 1.0), (20 / 32, 1.5), (5 / 32, 3.0)]


def test_moved__are_images_decoded_along_the_direction(run: Run, data: ReportData) -> None:
    (smiling,) = data.traversals
    direction = attribute_direction(run.statistics, "Smiling")
    z = run.latents["z"].values[540:544]
    for column, strength in enumerate(STRENGTHS):
        expected = run.decode((z + strength * direction).astype(np.float32))
        np.testing.assert_array_equal(smiling.images[:, column], expected)
    np.testing.assert_array_equal(smiling.has, run.latents["Smiling"].values[540:544])
    np.testing.assert_array_equal(data.start_images[:4], run.images["image"][540:544])
    caption = entries(data)["attribute-Smiling"].caption
    assert f"{int(run.latents['Smiling'].sum()):,} images that have the attribute" in caption


def test_moved__images_without_a_finite_vector_are_passed_over(run: Run) -> None:
    latents = run.latents.copy(deep=True).load()
    latents["z"][541, 2] = np.nan
    data = read_data(replace(run, latents=latents), CONFIG, run.decode)

    np.testing.assert_array_equal(data.start_images[:3], run.images["image"][[540, 542, 543]])
    assert all(np.isfinite(data.interpolations.radii))


def test_moved__without_splits_are_images_of_the_store() -> None:
    plain = make_run(count=200, split=False)
    captions = [e.caption for e in traversals.entries(read_data(plain, CONFIG, plain.decode))]

    assert any("images of the store, not selected" in caption for caption in captions)


def test_moved_images__draws_photograph_and_strengths_pixel_for_pixel(data: ReportData) -> None:
    figure = attribute_traversal(data.start_images, data.traversals[0])
    (canvas,) = (image.get_array() for image in figure.images)
    np.testing.assert_array_equal(canvas[66:130, :64], data.start_images[1])
    np.testing.assert_array_equal(canvas[66:130, 66:130], data.traversals[0].images[1, 0])
    assert {text.get_text() for text in figure.texts} >= {"with", "without", "−1.5", "0", "+1.5"}


def test_ways__begin_and_end_at_the_images(run: Run, data: ReportData) -> None:
    ways = data.interpolations
    assert ways.line.shape[:2] == ways.arc.shape[:2] == (3, len(SHARES))
    ends = run.decode(run.latents["z"].values[540:546]).reshape(3, 2, *ways.line.shape[2:])
    for way in (ways.line, ways.arc):
        difference = np.abs(way[:, [0, -1]].astype(int) - ends)
        assert difference.max() <= 1
    on_ends, on_line, on_arc = ways.radii
    assert on_line < on_arc
    assert on_line < on_ends


def test_read_data__without_attributes_or_pairs_has_nothing_on_the_move(run: Run) -> None:
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
    with pytest.raises(SampleError, match="0 of 600 images"):
        shown_attributes(celeba, ["Eyeglasses"])


def test_attribute_entries__show_conditioned_samples(run: Run) -> None:
    drawn = run.groups["gaussian"]
    parameters = {"selection": "smiling", "base": {"generator": "gaussian"}}
    conditioned = drawn.assign_attrs(generator="conditional", parameters=parameters)
    groups = {**run.groups, "smiling": conditioned}
    data = read_data(replace(run, groups=groups), CONFIG, run.decode)
    figure = entries(data)["conditioned"].draw()
    assert not isinstance(figure, Table)
    (canvas,) = (image.get_array() for image in figure.images)
    np.testing.assert_array_equal(canvas[:64, 66:130], drawn["image"].values[1])
    assert "conditioned" not in entries(read_data(run, CONFIG, run.decode))
