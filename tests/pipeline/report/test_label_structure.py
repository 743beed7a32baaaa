"""The section on the structure by label: figures and captions show what is stored."""

import warnings
from dataclasses import replace
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from PIL import Image

from tests.conftest import SilentConsole
from tests.pipeline.report.report_run import CONFIG, TIMINGS, Run, make_run
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.labels.angles import angles
from zpoints.pipeline.figures.labels.clusters import clusters, enriched
from zpoints.pipeline.figures.labels.probes import probes
from zpoints.pipeline.labels import Labels
from zpoints.pipeline.report.data import ReportData, read_data
from zpoints.pipeline.report.page.render import write_report
from zpoints.pipeline.report.sections import label_structure as section
from zpoints.pipeline.report.sections.contents import contents
from zpoints.pipeline.structure.structure_dataset import describe_structure


@pytest.fixture(scope="module")
def run() -> Run:
    """A run whose attributes `A_0` to `A_4` are the signs of five components, `Never` is False."""
    bare = make_run()
    z = bare.latents["z"].values
    signs = {f"A_{i}": ("image", z[:, i] > z[:, i].mean()) for i in (0, 1, 2, 4, 5)}
    unlabelled = bare.latents.drop_vars("Smiling")
    latents = unlabelled.assign_coords(**signs, Never=("image", np.zeros(len(z), bool)))
    latents["z"] = (("image", "component"), da.from_array(z, chunks=(128, -1)))
    statistics = analyze(latents["z"].data, attributes=Labels(latents).table)
    return replace(bare, structure=describe_structure(latents, statistics))


@pytest.fixture(scope="module")
def data(run: Run) -> ReportData:
    return read_data(run, CONFIG, run.decode)


@pytest.fixture(scope="module")
def structure(run: Run) -> xr.Dataset:
    assert run.structure is not None
    return run.structure


@pytest.mark.slow
def test_write_report__shows_the_figures_of_the_structure(tmp_path: Path, run: Run) -> None:
    page = write_report(
        tmp_path,
        run,
        config=CONFIG,
        title="t",
        timings=TIMINGS,
        reconstruct=run.decode,
        console=SilentConsole(),
    )

    text = page.read_text(encoding="utf-8")
    assert "<h2>Labels</h2>" in text
    for name in ("probes", "clusters", "direction-angles"):
        assert f"figures/{name}.png" in text
        with Image.open(tmp_path / "figures" / f"{name}.png") as picture:
            assert picture.width == style.WIDTH * style.DPI // 1


def test_figures__draw_attributes_of_any_name(structure: xr.Dataset, tmp_path: Path) -> None:
    odd = ["$x_1$", "$", "日本", "😀", "<b>" * 60, r"\frac{1"][: structure.sizes["attribute"]]
    names = {dim: np.array(odd, dtype=object) for dim in ("attribute", "other_attribute")}
    renamed = structure.assign_coords(names)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for figure in (probes(renamed), angles(renamed)):
            style.save(figure, tmp_path / "figure.png")


def test_entries__without_the_group_there_is_no_section(run: Run) -> None:
    data = read_data(replace(run, structure=None), CONFIG, run.decode)

    assert section.entries(data) == []
    assert "attributes" not in [section.id for section in contents(data, [], [])]


def test_entries__without_attributes_there_are_clusters_alone(run: Run) -> None:
    latents, statistics = run.latents.drop_vars("Smiling"), run.statistics.drop_dims("attribute")
    bare = describe_structure(latents, statistics)
    data = read_data(replace(run, structure=bare), CONFIG, run.decode)

    (entry,) = section.entries(data)

    assert entry.id == "clusters"
    assert "Cramér" not in entry.caption
    assert len([axes for axes in entry.draw().axes if axes.images]) == 10


def test_findings__names_what_a_probe_finds_and_what_the_clusters_find(
    structure: xr.Dataset,
) -> None:
    gain = structure["probe_accuracy"] - structure["probe_majority"]
    clearest = str(structure["attribute"].values[int(np.nanargmax(gain.values))])
    by_cluster = structure.assign(cluster_roc_auc=("attribute", [0.9, 0.2, 0.5, 0.5, 0.5, np.nan]))

    text = section.findings(by_cluster)

    assert "A linear probe finds 5 of 5 attributes" in text
    assert f"accuracy: {clearest.replace('_', ' ')} +{100 * float(gain.max()):.0f}" in text
    assert text.endswith("The clusters find A 0.")
    nothing = structure.assign(cluster_roc_auc=structure["cluster_roc_auc"] * 0)
    assert section.findings(nothing).endswith("The clusters find none.")


def test_findings__has_a_minus_before_a_loss_and_keeps_hyphens_of_names(
    structure: xr.Dataset,
) -> None:
    hyphenated = structure["attribute"].values.copy()
    hyphenated[0] = "Arm-in-arm"
    worse = structure["probe_majority"].copy()
    worse[0] = structure["probe_accuracy"][0] + 0.12

    text = section.findings(
        structure.assign(probe_majority=worse).assign_coords(attribute=hyphenated)
    )

    assert "Arm-in-arm −12" in text


def test_probes__shows_areas_far_below_chance(structure: xr.Dataset) -> None:
    areas = structure["probe_roc_auc"].copy()
    areas[1] = 0.2

    right = probes(structure.assign(probe_roc_auc=areas)).axes[1]

    assert right.get_xlim()[0] < 0.2


def test_probes__shows_the_stored_scores_by_gain(structure: xr.Dataset) -> None:
    left, right = probes(structure).axes
    gain = (structure["probe_accuracy"] - structure["probe_majority"]).values
    order = np.argsort(-gain)[:5]

    shown = {line.get_label(): line.get_xdata() for line in left.get_lines()}
    np.testing.assert_array_equal(shown["majority"], structure["probe_majority"][order])
    np.testing.assert_array_equal(shown["linear probe"], structure["probe_accuracy"][order])
    shown = {line.get_label(): line.get_xdata() for line in right.get_lines()}
    np.testing.assert_array_equal(shown["linear probe"], structure["probe_roc_auc"][order])
    np.testing.assert_array_equal(shown["cluster"], structure["cluster_roc_auc"][order])


def test_clusters__shows_decoded_centres_and_enriched_attributes(
    structure: xr.Dataset, data: ReportData
) -> None:
    assert data.cluster_images is not None
    figure = clusters(structure, data.cluster_images)

    faces = [np.asarray(image.get_array()) for axes in figure.axes for image in axes.images]
    np.testing.assert_array_equal(faces[1][::2, ::2], data.cluster_images[1])
    panel = next(axes for axes in figure.axes if axes.patches)
    best = enriched(
        structure["cluster_attribute_share"][0].values, structure["attribute_rate"].values
    )
    assert [bar.get_width() for bar in panel.patches] == [
        float(structure["cluster_attribute_share"][0, a]) for a in best
    ]


def test_enriched__orders_by_excess_over_the_spread_of_the_rate() -> None:
    rate = np.array([0.5, 0.1, 0.9, 0.0, 0.5])
    share = np.array([0.6, 0.2, 0.8, 0.0, 0.5])

    assert enriched(share, rate).tolist() == [1, 0]


def test_angles__are_original_above_and_whitened_below_the_diagonal(structure: xr.Dataset) -> None:
    axes = angles(structure).axes[0]
    (picture,) = axes.get_images()
    shown, names = picture.get_array(), [t.get_text() for t in axes.get_yticklabels()]

    assert sorted(names) == [f"A {i}" for i in (0, 1, 2, 4, 5)]
    order = [structure["attribute"].values.tolist().index(n.replace(" ", "_")) for n in names]
    for row, column in ((0, 3), (1, 2)):
        i, j = order[row], order[column]
        assert shown[row, column] == structure["direction_angle"][i, j]
        assert shown[column, row] == structure["whitened_direction_angle"][i, j]
