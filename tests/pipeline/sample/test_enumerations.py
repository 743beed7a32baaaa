"""Grids and paths, which enumerate points, and laws fitted to a selection."""

from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample import draw, generator
from zpoints.storage import QueryError


@pytest.fixture(scope="module")
def latents() -> xr.Dataset:
    rng = np.random.default_rng(0)
    smiling = rng.random(3000) < 0.4
    z = rng.standard_normal((3000, 5)) * [3, 2, 1, 0.5, 0.2] + np.where(smiling, 4, 0)[:, None]
    z[7] = np.nan
    return xr.Dataset(
        {"z": (("image", "component"), da.from_array(z, chunks=(500, -1)))},
        coords={
            "image": ("image", [f"{row:04d}.jpg" for row in range(3000)]),
            "Smiling": ("image", smiling),
        },
    )


@pytest.fixture(scope="module")
def statistics(latents: xr.Dataset) -> xr.Dataset:
    return analyze(latents["z"].data)


def test_grid__is_all_combinations_with_the_last_axis_fastest(statistics: xr.Dataset) -> None:
    drawn = draw("grid", statistics, 12, axes=[2, 0, 1], points=2, reach=1.5)

    deviation = np.sqrt(statistics["explained_variance"].values)
    signs = np.round(drawn["v"].values[:, :3] / (1.5 * deviation[:3]), 5)
    numbers = [(int(s[2]) + 1) * 2 + (int(s[0]) + 1) + (int(s[1]) + 1) // 2 for s in signs]
    assert np.abs(signs).tolist() == np.ones((12, 3)).tolist()
    assert numbers == [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3]
    np.testing.assert_allclose(drawn["v"].values[:, 3:], 0, atol=1e-5)


def test_grid__of_original_components_keeps_the_others_at_the_mean(statistics: xr.Dataset) -> None:
    z = draw("grid", statistics, 9, axes=[4], points=9, reach=3, space="original")["z"].values

    mean, deviation = statistics["mean"].values, np.sqrt(statistics["variance"].values)
    np.testing.assert_allclose(z[:, :4], np.tile(mean[:4], (9, 1)), rtol=1e-6)
    expected = mean[4] + deviation[4] * np.linspace(-3, 3, 9)
    np.testing.assert_allclose(z[:, 4], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("points", "axes", "count"),
    [(10, 256, r"10\^256 vectors"), (47, 3, r"47\^3 = 103,823 vectors")],
)
def test_grid__refuses_too_many_points_and_reports_their_number(
    points: int, axes: int, count: str
) -> None:
    with pytest.raises(SampleError, match=count + ", more than limit = 100,000"):
        generator("grid", points=points, axes=list(range(axes)))
    assert generator("grid", points=47, axes=[0, 1, 2], limit=103_823).size == 103_823


def test_path__joins_two_stored_images(statistics: xr.Dataset, latents: xr.Dataset) -> None:
    ends = ["0003.jpg", "0100.jpg"]

    z = draw("path", statistics, 5, latents=latents, points=5, between=ends)["z"].values

    first, last = latents["z"].values[[3, 100]]
    expected = [first + t * (last - first) for t in (0, 0.25, 0.5, 0.75, 1)]
    np.testing.assert_allclose(z, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        (["0003.jpg", "absent.jpg"], "'absent.jpg': no stored vector .* look like '0000.jpg'"),
        (["0007.jpg", "0003.jpg"], "'0007.jpg', whose latent vector is not finite"),
    ],
)
def test_path__refuses_images_without_a_vector(
    statistics: xr.Dataset, latents: xr.Dataset, ends: list[str], message: str
) -> None:
    with pytest.raises(SampleError, match=message):
        draw("path", statistics, 5, latents=latents, between=ends)
    with pytest.raises(SampleError, match="pass latents=store"):
        draw("path", statistics, 5, between=ends)


def test_path__is_an_arc_of_the_ellipse_in_its_plane(statistics: xr.Dataset) -> None:
    v = draw("path", statistics, 7, points=7, axes=[0, 2], radius=1.5)["v"].values

    deviation = np.sqrt(statistics["explained_variance"].values)
    angle = np.radians([0, 30, 60, 90, 120, 150, 180])
    np.testing.assert_allclose(v[:, 0] / (1.5 * deviation[0]), np.cos(angle), atol=1e-5)
    np.testing.assert_allclose(v[:, 2] / (1.5 * deviation[2]), np.sin(angle), atol=1e-5)
    np.testing.assert_allclose(v[:, [1, 3, 4]], 0, atol=1e-5)


def test_path__is_a_line_through_the_mean(statistics: xr.Dataset) -> None:
    drawn = draw("path", statistics, 3, points=3, form="line", space="original", radius=2)

    mean, deviation = statistics["mean"].values, np.sqrt(statistics["variance"].values)
    np.testing.assert_allclose(
        drawn["z"].values[:, 0], mean[0] + np.array([2, 0, -2]) * deviation[0], rtol=1e-5
    )
    np.testing.assert_allclose(drawn["z"].values[:, 1:], np.tile(mean[1:], (3, 1)), rtol=1e-5)


def describe_selection(latents: xr.Dataset, query: str) -> xr.Dataset:
    found = analyze(latents.query(image=query)["z"].data)
    return found.assign_attrs(selection="smiling", query=query)


def test_conditional__is_the_base_fitted_to_the_selection(latents: xr.Dataset) -> None:
    selection = describe_selection(latents, "Smiling")

    drawn = draw("conditional", selection, 500, paired=True, selection="smiling")

    expected = draw("multivariate_normal", selection, 500, paired=True)
    np.testing.assert_array_equal(drawn["z"].values, expected["z"].values)
    np.testing.assert_allclose(drawn["z"].mean("sample"), 4, atol=0.5)


def test_conditional__gives_its_base_the_vectors_of_the_selection(latents: xr.Dataset) -> None:
    selection = describe_selection(latents, "Smiling")
    base = {"generator": "gaussian_mixture", "parts": 1}

    drawn = draw("conditional", selection, 4000, latents=latents, selection="smiling", base=base)

    np.testing.assert_allclose(drawn["z"].mean("sample"), selection["mean"], atol=0.2)


def test_conditional__needs_the_statistics_of_its_selection(
    statistics: xr.Dataset, latents: xr.Dataset
) -> None:
    with pytest.raises(SampleError, match=r"of all vectors: pass store.selection\('smiling'\)"):
        draw("conditional", statistics, 5, selection="smiling")
    with pytest.raises(SampleError, match="got those of 'smiling'"):
        draw("conditional", describe_selection(latents, "Smiling"), 5, selection="men")


def test_conditional__runs_no_code_from_a_stored_query(latents: xr.Dataset, tmp_path: Path) -> None:
    selection = describe_selection(latents, "Smiling")
    selection.attrs["query"] = f"Smiling.to_netcdf('{tmp_path / 'written'}')"
    base = {"generator": "gaussian_mixture", "parts": 1}

    with pytest.raises(QueryError, match="no attributes or methods"):
        draw("conditional", selection, 5, latents=latents, selection="smiling", base=base)

    assert list(tmp_path.iterdir()) == []


def test_conditional__refuses_an_empty_selection(statistics: xr.Dataset) -> None:
    empty = statistics.assign(count=statistics["count"] * 0)
    empty = empty.assign_attrs(selection="smiling", query="Smiling and not Smiling")

    with pytest.raises(SampleError, match=r"\(Smiling and not Smiling\) is empty"):
        draw("conditional", empty, 5, selection="smiling")
