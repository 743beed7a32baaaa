"""Attribute directions and interpolation."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.labels import AttributeStatistics, Labels
from zpoints.pipeline.sample.arithmetic import (
    attribute_direction,
    interpolate,
    interpolate_around,
)

Z = np.random.default_rng(5).normal(size=(300, 7))
LABELS = {"Smiling": Z[:, 0] > 0.3, "Everyone": np.ones(300, bool), "Nobody": np.zeros(300, bool)}


def statistics_of(flags: dict[str, np.ndarray]) -> xr.Dataset:
    labels = xr.Dataset(coords={name: ("image", rows) for name, rows in flags.items()})
    z = da.from_array(Z, chunks=(100, -1))
    return analyze(z, attributes=Labels(labels).table if flags else None)


@pytest.fixture(scope="module")
def statistics() -> xr.Dataset:
    return statistics_of(LABELS)


def test_attribute_direction__is_the_mean_with_minus_the_mean_without(
    statistics: xr.Dataset,
) -> None:
    smiling = LABELS["Smiling"]
    expected = Z[smiling].mean(axis=0) - Z[~smiling].mean(axis=0)
    np.testing.assert_allclose(attribute_direction(statistics, "Smiling"), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Smyling", r"no attribute or category 'Smyling'\. Did you mean Smiling\?"),
        ("Everyone", "300 of 300 vectors have it"),
        ("Nobody", "0 of 300 vectors have it"),
    ],
)
def test_attribute_direction__refuses_attributes_without_a_direction(
    statistics: xr.Dataset, name: str, message: str
) -> None:
    with pytest.raises(SampleError, match=message):
        attribute_direction(statistics, name)


def test_attribute_direction__reports_that_there_are_no_attributes() -> None:
    without = statistics_of({})
    with pytest.raises(SampleError, match=r"Attributes: none; categories: none\."):
        attribute_direction(without, "Smiling")
    assert AttributeStatistics(without).counts == {}


def test_attribute_direction__ignores_images_without_attributes() -> None:
    known = Z[:, 3] > -0.5
    smiling = (Z[:, 0] > 0.3) & known
    statistics = statistics_of({"Smiling": smiling, "has_attributes": known})
    expected = Z[smiling].mean(axis=0) - Z[known & ~smiling].mean(axis=0)
    np.testing.assert_allclose(attribute_direction(statistics, "Smiling"), expected, atol=1e-12)
    attributes = AttributeStatistics(statistics)
    assert attributes.counts == {"Smiling": smiling.sum()}
    assert attributes.annotated == known.sum()


def test_interpolate_around__keeps_the_distance_that_a_line_loses() -> None:
    rng = np.random.default_rng(0)
    centre, arms = rng.normal(size=256), rng.normal(size=(2, 256))
    arms /= np.linalg.norm(arms, axis=1, keepdims=True)
    one, other = centre + 3 * arms[0], centre + 5 * arms[1]
    shares = np.linspace(0, 1, 9)
    arc = interpolate_around(centre, one, other, shares)
    np.testing.assert_allclose(arc[[0, -1]], [one, other])
    np.testing.assert_allclose(np.linalg.norm(arc - centre, axis=1), 3 + 2 * shares)
    steps = (arc - centre) / np.linalg.norm(arc - centre, axis=1, keepdims=True)
    angles = np.arccos(np.sum(steps[1:] * steps[:-1], axis=1))
    np.testing.assert_allclose(angles, angles[0])
    middle = interpolate(one, other, [0.5])[0] - centre
    assert np.linalg.norm(middle) < 0.8 * 4


@pytest.mark.parametrize("other", [[3.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
def test_interpolate_around__is_the_line_if_the_arc_is_not_unique(other: list[float]) -> None:
    shares = [0.0, 0.25, 1.0]
    np.testing.assert_allclose(
        interpolate_around([0, 0], [1, 0], other, shares), interpolate([1, 0], other, shares)
    )
