"""The explorer in a notebook, which a real kernel executes."""

from pathlib import Path

import nbformat
import pytest
from bokeh.core.serialization import Serializer
from bokeh.models.css import ImportedStyleSheet
from nbclient import NotebookClient
from panel.io.resources import CDN_DIST, LOCAL_DIST

from zpoints.pipeline.explore.page import carry_styles

CELLS = ("import zpoints as zp\nstore = zp.open({root!r})", "store.explore()")


@pytest.mark.slow
def test_explore__is_shown_by_the_last_line_of_a_cell(small_root: str, tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(cell.format(root=small_root)) for cell in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)

    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()

    outputs = notebook.cells[1].outputs
    shown = [output.data for output in outputs if "data" in output]
    assert any("application/vnd.holoviews_exec.v0+json" in data for data in shown)
    assert any("z-point" in str(data) or "principal component 1" in str(data) for data in shown)
    assert [output for output in outputs if output.output_type in ("stream", "error")] == []


@pytest.mark.parametrize("place", [CDN_DIST, LOCAL_DIST])
def test_carry_styles__sends_the_text_of_panels_own(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(ImportedStyleSheet, "to_serializable", ImportedStyleSheet.to_serializable)

    carry_styles()
    own = Serializer().encode(ImportedStyleSheet(url=f"{place}css/loading.css?v=1"))
    other = Serializer().encode(ImportedStyleSheet(url="https://example.org/a.css"))

    assert own["name"] == "InlineStyleSheet"
    assert ".pn-loading" in own["attributes"]["css"]
    assert other["name"] == "ImportedStyleSheet"
