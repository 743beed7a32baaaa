"""Figures of a structure with categories and numbers."""

import numpy as np
import pytest
import xarray as xr

import zpoints.pl as pl
from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures.labels.clusters import enriched_labels
from zpoints.pipeline.labels.labels import LabelNumbers
from zpoints.pipeline.structure.clusters import category_shares
from zpoints.storage.labels.columns import LabelColumn


@pytest.fixture
def structure() -> xr.Dataset:
    columns = (LabelColumn("species", "category", ("cat", "dog")), LabelColumn("age", "number"))
    values = np.array([[0, 3.0], [0, 4.0], [1, np.nan], [np.nan, 1.0], [1, 2.0]])
    shares = category_shares(np.array([0, 0, 0, 1, 1]), LabelNumbers(columns, values), 2)
    return xr.Dataset(
        {
            "cluster_count": ("cluster", [3, 2]),
            "class_accuracy": ("categorical", [0.9]),
            "class_majority": ("categorical", [0.5]),
            "numeric_r2": ("numeric", [0.4]),
            **shares,
        },
        {
            "category": ["species=cat", "species=dog"],
            "categorical": ["species"],
            "numeric": ["age"],
        },
    )


def test_category_shares__count_those_that_have_the_label(structure: xr.Dataset) -> None:
    np.testing.assert_allclose(structure["cluster_category_share"], [[2 / 3, 1 / 3], [0, 1]])
    np.testing.assert_allclose(structure["category_rate"], [0.5, 0.5])


def test_clusters__show_the_most_enriched_categories(structure: xr.Dataset) -> None:
    assert enriched_labels(structure.isel(cluster=0)) == [("species=cat", 2 / 3, 0.5)]

    figure = pl.clusters(structure, np.zeros((2, 8, 8, 3), np.uint8))

    ticks = [tick.get_text() for axes in figure.axes for tick in axes.get_yticklabels()]
    assert any("cat" in tick for tick in ticks)
    assert any("dog" in tick for tick in ticks)


def test_probes__show_classes_and_numbers(structure: xr.Dataset) -> None:
    left, right = pl.probes(structure).axes

    assert left.get_xlabel() == "accuracy of classes"
    assert right.lines[1].get_xdata() == [0.4]


def test_angles__of_one_attribute_need_a_second(structure: xr.Dataset) -> None:
    angle = (("attribute", "other_attribute"), [[0.0]])
    alone = structure.assign(direction_angle=angle, whitened_direction_angle=angle)

    with pytest.raises(FigureError, match="Smiling alone has a direction; expected at least two"):
        pl.angles(alone.assign_coords(attribute=["Smiling"]))
