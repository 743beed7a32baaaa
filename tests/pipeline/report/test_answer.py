"""The answer at the beginning of the report, and the notices above it."""

from dataclasses import replace
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest

from tests.pipeline.report.report_run import CONFIG, Run, judged, make_run
from zpoints.pipeline.analyze import AnalyzeConfig, analyze
from zpoints.pipeline.report.answer.notices import notices
from zpoints.pipeline.report.answer.sentences import sentences
from zpoints.pipeline.report.answer.strip import entries
from zpoints.pipeline.report.data import ReportData, read_data
from zpoints.pipeline.report.sections.contents import contents


@pytest.fixture(scope="module")
def run() -> Run:
    run = make_run()
    run.judged = {
        "uniform_12": judged(5.0, 0.02, precision=0.0, density=0.0, coverage=0.0, recall=0.0),
        "ellipse": judged(0.12, 0.92, originality=0.3),
        "gaussian": judged(0.13, 0.91, recall=0.3),
        "real": judged(np.nan, 0.9, recall=0.5),
        "reconstruction": judged(0.12, 0.95),
    }
    return run


@pytest.fixture(scope="module")
def data(run: Run) -> ReportData:
    return read_data(run, CONFIG, run.decode)


def test_read_data__orders_samples_by_merit(data: ReportData) -> None:
    assert [one.name for one in data.generated] == ["gaussian", "ellipse", "uniform_12"]


def test_strip__shows_photographs_reconstructions_the_best_and_uniform_ones(
    data: ReportData,
) -> None:
    (entry,) = entries(data)

    names = [label.get_text() for label in entry.draw().axes[0].get_yticklabels()]
    assert names == ["photographs", "reconstructions", "gaussian", "uniform_12"]
    canvas = entry.draw().axes[0].images[0].get_array()[..., :3]
    np.testing.assert_array_equal(canvas[132:196, :64], data.generated[0].images[0])
    np.testing.assert_array_equal(canvas[198:262, :64], data.generated[2].images[0])


def test_sentences__answer_with_the_measured_numbers(data: ReportData) -> None:
    text = sentences(data)

    assert (
        "Yes: a face is found in 91% of the images of <code>gaussian</code>, in 95% of the "
        "reconstructions and in 2% of those of uniform vectors." in text
    )
    assert "A part: 30% of the held-out photographs lie among the images of" in text
    assert "<code>gaussian</code>, best of both, cleanest and most diverse (merit" in text


def test_sentences__without_faces_compare_what_lies_among_the_photographs(run: Run) -> None:
    plain = {name: of.drop_vars("face_rate") for name, of in run.judged.items()}
    plain["uniform_12"] = plain["uniform_12"].assign(precision=((), 0.45))

    text = sentences(read_data(replace(run, judged=plain), CONFIG, run.decode))

    assert "50% of the images of <code>gaussian</code>, encoded again, lie among" in text
    assert "Uniform vectors do so as well" in text


def test_sentences__where_none_is_fit_name_the_nearest_and_why(run: Run) -> None:
    copies = {k: of for k, of in run.judged.items() if k not in ("gaussian", "uniform_12")}
    groups = {"ellipse": run.groups["ellipse"]}

    text = sentences(read_data(replace(run, judged=copies, groups=groups), CONFIG, run.decode))

    assert "None yet: <code>ellipse</code> comes nearest" in text
    assert "copies training vectors (originality below 0.8)" in text


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (None, "the store holds no current quality of <code>ellipse</code>"),
        ({}, "Nothing was drawn"),
    ],
)
def test_sentences__without_measures_or_samples_state_what_to_run(
    run: Run, groups: dict | None, expected: str
) -> None:
    other = replace(run, judged={}, groups=run.groups if groups is None else groups)

    assert expected in sentences(read_data(other, CONFIG, other.decode))


def test_notices__of_a_complete_sound_run_are_none(run: Run, data: ReportData) -> None:
    whole = replace(data, structure=data.statistics)

    assert notices(run, whole) == []


def test_notices__name_what_is_missing_or_outdated(run: Run) -> None:
    other = replace(run, judged={}, groups={})
    other_data = read_data(other, CONFIG, other.decode)

    groups = ("structure", "samples/old", "quality/gaussian")
    holding = SimpleNamespace(root="runs/faces", groups=groups)
    missing = [notice.text for notice in notices(other, other_data)]
    stale = [notice.text for notice in notices(holding, other_data)]

    assert missing == [
        "The structure is missing, so that this page lacks clusters and probes of labels.",
        "Samples are missing, so that this page lacks them.",
    ]
    assert stale[0].startswith("The structure is outdated")
    assert stale[1].startswith("Samples old are outdated")
    assert notices(other, other_data)[0].remedy == "Run: zpoints run CONFIG --root runs/faces"


def test_notices__a_network_no_better_than_the_mean_image_is_grave(
    run: Run, data: ReportData
) -> None:
    pixels = run.images["pixels"].values[540:] / 255
    assert data.mean_image_error == pytest.approx(pixels.var(axis=0, ddof=1).mean(), rel=1e-5)
    bad = replace(data, reconstruction_error=0.99 * data.mean_image_error)

    first, *_ = notices(run, bad)

    assert first.grave
    assert first.text.startswith("The network is no better than the mean image")
    assert f"{data.mean_image_error:.5f}" in first.text


@pytest.mark.parametrize(
    ("kept", "rates", "notice", "answer"),
    [
        (0.4, {}, "reconstructions keep 40% of the variance", "Not yet: reconstructions keep 40%"),
        (0.4, {"real": 0.9, "reconstruction": 0.8}, "", "Yes: a face is found"),
        (0.9, {"real": 0.9, "reconstruction": 0.1}, "loses the faces", "Not yet: a face is found"),
        (0.9, {"real": 0.0, "reconstruction": 0.0}, "", "Yes: 100% of the images"),
    ],
)
def test_answer__is_not_yes_where_reconstructions_are_blurs_or_lose_the_faces(
    run: Run,
    data: ReportData,
    kept: float,
    rates: dict[str, float],
    notice: str,
    answer: str,
) -> None:
    rates = rates and {"gaussian": rates["reconstruction"], **rates}
    quality = {name: of.drop_vars("face_rate") for name, of in data.quality.items()}
    for name, of in quality.items():
        of = of.assign(precision=((), 1.0))
        quality[name] = of.assign(face_rate=((), rates[name])) if name in rates else of
    error = (1 - kept) * data.mean_image_error
    blurred = replace(data, reconstruction_error=error, quality=quality)

    found = [one for one in notices(run, blurred) if "network" in one.text]

    assert answer in sentences(blurred)
    assert [one.grave for one in found] == [True] * bool(notice)
    assert all(notice in one.text for one in found)


@pytest.mark.parametrize(
    ("vectors", "grave", "text"),
    [
        (7, True, "7 vectors vary along at most 6 directions, of 8."),
        (60, False, "60 for 8, 7.5 per component"),
    ],
)
def test_notices__state_the_rank_of_too_few_vectors(
    run: Run, data: ReportData, vectors: int, grave: bool, text: str
) -> None:
    z = np.random.default_rng(0).normal(size=(vectors, 8))
    few = replace(data, statistics=analyze(da.from_array(z), AnalyzeConfig()))

    (found,) = [notice for notice in notices(run, few) if "for the number" in notice.text]

    assert found.grave == grave
    assert text in found.text
    assert "Ingest at least 80 images" in found.remedy


def test_contents__fold_what_few_readers_need(data: ReportData) -> None:
    sections = contents(data, [], [], [("seed", "11")])

    folded = {section.id for section in sections if section.folded}
    assert folded == {"generated", "run"}
    assert sections[-1].entries[0].draw().rows == (("seed", "11"),)
    images = next(s for s in sections if s.id == "generated").entries
    assert [e.title for e in images] == ["Parameters", "gaussian", "ellipse", "uniform_12"]
    assert "the recommended generator" in images[1].caption
    assert "it copies training vectors" in images[2].caption
    assert "collapsed, or far from the data" in images[3].caption
