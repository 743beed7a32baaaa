"""The explorer in a notebook, which a real kernel executes."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

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
