"""Planes of z-points: what their points stand for, and how many lie inside an ellipse."""

import gc
import weakref
from types import SimpleNamespace

import numpy as np
import panel as pn
import pytest

from zpoints.pipeline.errors import ExploreError
from zpoints.pipeline.explore.colours import of_label
from zpoints.pipeline.explore.listening import Where
from zpoints.pipeline.explore.page import load_extensions
from zpoints.pipeline.explore.plane import PlanePane, legend_html
from zpoints.pipeline.explore.points import MOST_KEPT, Points
from zpoints.pipeline.explore.raster import raster
from zpoints.pipeline.explore.state import View, computed, from_address, to_address
from zpoints.pipeline.latent_space.arrays import open_arrays

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(4000, 5)) @ RNG.normal(size=(5, 5)) + [3.0, 0.0, -1.0, 2.0, 0.5]
NAMES = np.where(Z[:, 0] > 3, "<script>alert(1)</script>", "plain")


@pytest.fixture(scope="module")
def points() -> Points:
    return Points(open_arrays(Z, {"name": NAMES, "Bright": Z[:, 1] > 0}))


def test_lift__is_the_conditional_mean_of_the_other_components(points: Points) -> None:
    plane, *_ = points.plane("z0", "z3")

    lifted = plane.lift(np.array([[4.0, 1.0]]), points.statistics)[0]

    # The regression of the others on both has the same fit (least squares).
    design = np.column_stack([np.ones(len(Z)), Z[:, [0, 3]]])
    fitted = np.linalg.lstsq(design, Z, rcond=None)[0]
    np.testing.assert_allclose(lifted, [1.0, 4.0, 1.0] @ fitted, rtol=1e-4)
    assert lifted[[0, 3]] == pytest.approx([4.0, 1.0], abs=1e-4)


def test_lift__of_two_principal_components_is_the_mean_plus_both(points: Points) -> None:
    plane, *_ = points.plane("v1", "v2")

    lifted = plane.lift(np.array([[2.0, -1.0]]), points.statistics)[0]

    loadings = points.statistics["loadings"].values
    np.testing.assert_allclose(lifted, Z.mean(axis=0) + 2.0 * loadings[0] - loadings[1], rtol=1e-4)


@pytest.mark.parametrize("pair", [("z0", "z3"), ("v1", "v2"), ("along:Bright", "v3")])
def test_inside__counts_the_points_within_the_level(points: Points, pair: tuple[str, str]) -> None:
    view = View(points=points, x=pair[0], y=pair[1], level=2.0)
    plane, x, y = view.plane()

    inside, total = view.inside()

    away = np.stack([x, y], axis=1) - plane.mean
    squares = np.sum(away @ np.linalg.inv(plane.covariance) * away, axis=1)
    assert total == len(Z)
    assert abs(inside - np.sum(squares <= 4.0)) <= 1  # float32 columns
    assert inside / total == pytest.approx(1 - np.exp(-2.0), abs=0.02)


def test_inside__counts_what_the_filter_shows(points: Points) -> None:
    view = View(points=points, shown=Z[:, 1] > 0)

    assert view.inside()[1] == np.sum(Z[:, 1] > 0)


def test_plane__without_a_vector_for_a_point_is_refused(points: Points) -> None:
    plane, *_ = points.plane("radius", "v1")

    assert not plane.is_linear
    with pytest.raises(ExploreError, match="no single vector"):
        plane.lift(np.zeros((1, 2)), points.statistics)


def test_raster__is_a_screenful_that_shows_each_category(points: Points) -> None:
    _, x, y = points.plane("z0", "z1")
    ends = (-1e3, 1e3)

    picture = raster(
        x, y, points.colouring("label:name"), rows=None, extent=(ends, ends), size=(10**6, 300)
    )

    assert picture.shape == (300, 2000, 4)
    assert picture[..., 3].any()


def test_points__keep_the_columns_and_colours_that_were_used_last() -> None:
    labels = {f"l{number}": np.arange(9) + number for number in range(70)}
    points = Points(open_arrays(Z[:9], labels))

    for number in range(70):
        points.colouring(f"label:l{number}")
        points.colouring("label:l0")

    assert len(points._colours) == MOST_KEPT
    assert points.knows("v1", "v2", "label:l0") is False  # no column was computed yet
    points.plane("v1", "v2")
    assert points.knows("v1", "v2", "label:l0")
    assert points.knows("v1", "v2", "label:l69")
    assert not points.knows("v1", "v2", "label:l1")


def test_legend__escapes_names(points: Points) -> None:
    shown = legend_html(points.colouring("label:name"))

    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_of_label__keeps_missing_values_apart() -> None:
    colouring = of_label("kind", ["a", None, "b", "a"])

    assert [name for name, _ in colouring.key] == ["a", "b", "missing"]
    assert colouring.values.tolist() == [0, 2, 1, 0]


def test_address__carries_the_view_and_reports_what_is_wrong(points: Points) -> None:
    view = View(points=points, x="along:Bright", level=2.2, cursor=[1.0, -2.0])
    other = View(points=points)

    problems = from_address(other, to_address(view) | {"y": "v99", "seed": "-1", "bad": "1"})

    assert to_address(other) == to_address(view)
    assert len(problems) == 2
    assert problems[0].startswith("y: There is no coordinate 'v99'")


def test_view__replaces_coordinates_that_other_vectors_lack(points: Points) -> None:
    view = View(points=points, x="along:Bright", y="z4", level=2.0)

    view.points = Points(open_arrays(Z[:, :1]))

    assert (view.x, view.y) == ("v1", "radius")
    assert view.inside()[1] == len(Z)


def test_view__keeps_its_plane_until_the_last_one_asked_for_is_computed() -> None:
    points, asked = Points(open_arrays(Z, {"Bright": Z[:, 1] > 0})), []
    view = View(points=points)
    view.aside = SimpleNamespace(ask=asked.append)  # answers when the test does
    first = view.plane()

    view.x = "z4"
    view.x = "z3"
    assert (view.busy, view.plane()) == (True, first)
    assert not points._columns.keys() & {"z3", "z4"}
    view.take(computed(asked[0]))
    assert (view.busy, view.plane()) == (True, first)
    view.take(computed(asked[1]))
    assert (view.busy, view.plane()[0].x.key) == (False, "z3")
    view.x = "z4"  # kept by now

    assert (view.busy, view.plane()[0].x.key, len(asked)) == (False, "z4", 2)


def test_colours__of_a_label_named_like_one_have_titles_of_their_own() -> None:
    points = Points(open_arrays(Z[:9, :2], {"density": np.arange(9) % 2}))

    assert points.colours == {"density": "density", "label:density": "density (label)"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("lasso", value) for value in ("[1,2,3]", "[NaN,1,2,3,4,5]", '["a",1,2,3]', "[[1,2]]")),
        *(("cursor", value) for value in ("[1]", "[1e308,0]", "[Infinity,0]")),
        *(("settings", value) for value in ('{"left":5}', '{"here":{"seed":"x"}}', "[" * 9999)),
        *(("settings", value) for value in ('{"axes":{"steps":[NaN]}}', '{"other":1}')),
        ("seed", str(2**60)),
    ],
)
def test_address__with_a_value_that_no_pane_can_show_leaves_it_out(
    points: Points, name: str, value: str
) -> None:
    view = View(points=points)

    problems = from_address(view, {name: value, "level": "2.5"})

    assert len(problems) == 1
    assert to_address(view) == {"level": "2.5"}


def test_where__beyond_this_machine_needs_tls() -> None:
    with pytest.raises(ExploreError, match="--certificate FILE --key FILE"):
        Where(address="0.0.0.0")
    with pytest.raises(ExploreError, match="There is no file"):
        Where(address="0.0.0.0", certificate="no.pem", key="no.pem")


def test_plane_pane__is_released_with_its_page(points: Points) -> None:
    load_extensions()
    view = View(points=points)
    shown = PlanePane(view).panel()
    root, released = shown.get_root(), weakref.ref(view)

    shown._cleanup(root)  # as Panel does when a session ends
    pn.state._views.pop(root.ref["id"])
    del view, shown, root
    gc.collect()

    assert released() is None
