"""The claims as the report shows them."""

import re
from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from tests.pipeline.report.report_run import CONFIG, Run, judged, make_run
from zpoints import pl
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.claims import answers
from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures.claim_bounds import claims
from zpoints.pipeline.report.data import ReportData, read_data
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.sections.claims import _answers
from zpoints.pipeline.report.sections.contents import contents
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


def test_contents__begin_with_the_answer_then_the_claims(data: ReportData) -> None:
    answer, claimed, *_ = contents(data, [], [])

    assert [entry.id for entry in answer.entries] == ["answer-images"]
    assert claimed.entries[0].id == "claims-table"
    verdicts = table(data, "claims-table").rows
    holding = sum("✓" in row[3] or ">holds<" in row[3] for row in verdicts)
    assert f"Of the 17 claims {holding} hold here" in claimed.entries[0].caption


def test_contents__figures_of_claims_end_with_their_verdicts(data: ReportData) -> None:
    rows, shown = table(data, "claims-table").rows, entries(data)

    assert shown["variance"].caption.endswith(
        f'<a href="#claim-15">Claim 15</a> {rows[14][3]}: a tenth of the components dominate.'
    )
    components = re.sub("<[^>]*>", "", shown["claims-components"].caption)
    assert re.search(
        r"Of the claims [\d, ]+ (hold|holds|do not hold|does not hold|not decided)", components
    )


def test_claims_table__has_seventeen_rows_whose_links_lead_to_entries(data: ReportData) -> None:
    rows, shown = table(data, "claims-table").rows, entries(data)
    assert [row[0].split(".")[0] for row in rows] == [str(number) for number in range(1, 18)]
    for row in rows:
        links = re.findall(r'href="#([^"]+)"', row[-1])
        assert links
        assert set(links) <= set(shown)
    verdicts = {re.sub("<[^>]*>", "", row[3]) for row in rows}
    assert verdicts == {"holds", "does not hold", "not decided"}


def test_claims_table__judges_faces_once_they_are_evaluated(run: Run) -> None:
    rates = {"ellipse": 0.9, "uniform_12": 0.0, "gaussian": 0.5, "reconstruction": 0.92}
    evaluated = {name: judged(0.2, rate) for name, rate in rates.items()}
    with_faces = read_data(replace(run, judged=evaluated), CONFIG, run.decode)
    for data, verdict in (
        (with_faces, "holds"),
        (read_data(run, CONFIG, run.decode), "not"),
    ):
        assert verdict in table(data, "claims-table").rows[12][3]


def test_claims_table__without_pairs_links_to_no_missing_figure(run: Run) -> None:
    none = run.statistics.isel(pair=slice(0), pc_pair=slice(0))
    data = read_data(replace(run, statistics=none), CONFIG, run.decode)
    tenth = table(data, "claims-table").rows[9]
    assert tenth[-1] == ""
    assert "not decided" in tenth[3]


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
    axes = claims(run.statistics).axes[4]
    curve, *lines = axes.get_lines()
    hw = np.sort(run.statistics["hw"].values)[::-1]
    np.testing.assert_array_equal(curve.get_ydata(), hw)
    marks = [(line.get_xdata()[0], line.get_ydata()[0]) for line in lines[1::2]]
    assert marks == [(40 / 32, 1.0), (20 / 32, 1.5), (5 / 32, 3.0)]


def test_answers__without_a_decision_are_sentences_in_a_table(data: ReportData) -> None:
    few = da.from_array(np.random.default_rng(0).normal(size=(60, 32)))
    undecided = answers(analyze(few))
    assert not any(answer.values for answer in undecided)

    shown = _answers(undecided).draw()

    assert isinstance(shown, Table)
    assert [row[0] for row in shown.rows] == [answer.question for answer in undecided]
    with pytest.raises(FigureError, match="none is decided"):
        pl.answers(undecided)
