"""Every public figure: a figure of its own, drawn into axes where it is one panel, shown once."""

import inspect
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from nbclient import NotebookClient
from PIL import Image

import zpoints as zp
from tests.pipeline.figures.public_figures import FIGURES, PANELS, labelled_run
from tests.pipeline.report.report_run import Run
from zpoints.pipeline.figures import style

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def run() -> Run:
    return labelled_run()


def test_pl__lists_the_public_figures_and_no_others() -> None:
    assert dir(zp.pl) == sorted(FIGURES) == sorted(zp.pl.__all__)
    assert "pl" in dir(zp)


def test_pl__is_listed_before_matplotlib_is_loaded() -> None:
    code = "import sys, zpoints as zp; dir(zp.pl); print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert {"matplotlib", "xarray", "torch"} & set(loaded.stdout.split()) == set()


@pytest.mark.parametrize("name", FIGURES)
def test_figure__is_a_figure_that_pyplot_does_not_know(name: str, run: Run) -> None:
    plt.close("all")

    figure = FIGURES[name](run)

    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", FIGURES)
def test_figure__takes_ax_only_if_it_can_be_one_panel(name: str) -> None:
    assert ("ax" in inspect.signature(getattr(zp.pl, name)).parameters) == (name in PANELS)


@pytest.mark.parametrize("name", PANELS)
def test_figure__draws_in_the_axes_that_it_is_given(name: str, run: Run) -> None:
    figure = Figure(figsize=(8, 3))
    left, right = figure.subplots(1, 2)

    returned = PANELS[name](run, right)

    assert returned is right
    assert right.has_data()
    assert not left.has_data()


def test_repr_png__draws_images_pixel_for_pixel(run: Run, tmp_path: Path) -> None:
    (tmp_path / "faces.png").write_bytes(FIGURES["faces"](run)._repr_png_())

    with Image.open(tmp_path / "faces.png") as picture:
        pixels = np.asarray(picture)
    np.testing.assert_array_equal(pixels[66:130, 66:130], run.images["pixels"].values[4])


@pytest.mark.parametrize("name", ["pairs", "histogram", "quality", "correlation"])
def test_figure__is_the_same_whatever_style_pyplot_has(name: str, run: Run) -> None:
    usual = FIGURES[name](run)._repr_png_()

    with plt.style.context("dark_background"):
        assert FIGURES[name](run)._repr_png_() == usual


def test_figure__is_legible_on_a_dark_figure(run: Run) -> None:
    with plt.style.context("dark_background"):
        axes = PANELS["histogram"](run, Figure().subplots())

    for text in (axes.xaxis.label, axes.yaxis.label, *axes.get_xticklabels()):
        assert text.get_color() == style.LIGHT
    assert axes.get_facecolor() == (1, 1, 1, 1)
    assert {text.get_color() for text in axes.texts if text.get_text()} == {style.INK}


SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.pipeline.figures.public_figures import FIGURES, PANELS, labelled_run
run = labelled_run()
assert "matplotlib.pyplot" not in sys.modules
"""
PYPLOT = "from matplotlib import pyplot as plt"
EMPTY = "assert plt.get_fignums() == []"


def pictures(cell: nbformat.NotebookNode) -> int:
    return sum("image/png" in output.get("data", {}) for output in cell.outputs)


@pytest.mark.slow
def test_notebook__shows_each_figure_once_with_and_without_pyplot(tmp_path: Path) -> None:
    values = [f"FIGURES[{name!r}](run)" for name in FIGURES]
    panels = [
        f"figure, (left, right) = plt.subplots(1, 2)\nPANELS[{name!r}](run, right)"
        for name in PANELS
    ]
    silent = [f"figure = {values[0]}", f"{values[0]};", f"display({values[0]})"]
    shown = [*values, PYPLOT, *values, *panels, *silent, EMPTY]
    cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, *shown)]
    notebook = nbformat.v4.new_notebook(cells=cells)

    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()

    assert [o for cell in cells for o in cell.outputs if o.get("name") == "stderr"] == []
    expected = [0, *[1] * len(values), 0, *[1] * (len(values) + len(panels)), 0, 0, 1, 0]
    assert [pictures(cell) for cell in cells] == expected
