"""The notebooks in `examples/` run in any folder, and are committed as they were executed."""

import re
from pathlib import Path

import nbformat
import pytest

from tests.notebooks import NOTEBOOKS, executed

FEWER = {
    "2_own_folder": {"450": "120", "EPOCHS = 15": "EPOCHS = 2"},
    "6_growth_and_versions": {"300, 200": "90, 40", "EPOCHS = 3": "EPOCHS = 1"},
    "7_million_vectors": {"1_000_000": "20_000", "COMPONENTS = 64": "COMPONENTS = 8"},
}
"""Smaller numbers for the cell of the parameters, by notebook."""
LARGEST = 650_000
"""Bytes of a notebook with its outputs."""
OF_A_MACHINE = re.compile(r"/tmp/|/home/|/root/|/Users/|127\.0\.0\.1|Warning")
by_stem = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def faults(notebook: nbformat.NotebookNode) -> list[str]:
    """Outputs of a notebook that are errors or warnings."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [str(o) for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]


@by_stem
def test_notebook__is_committed_as_executed(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]

    assert 10 <= len(notebook.cells) <= 24
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert faults(notebook) == []
    shown = str([{k: v for k, v in o.get("data", o).items() if "image" not in k} for o in outputs])
    assert OF_A_MACHINE.findall(shown) == []
    assert path.stat().st_size < LARGEST


@pytest.mark.services
@by_stem
def test_notebook__runs(
    path: Path, small_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZPOINTS_DEMO", small_root)

    notebook = executed(path, tmp_path, FEWER.get(path.stem))

    assert faults(notebook) == []
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    committed = nbformat.read(path, as_version=4)
    pictures = [o for c in committed.cells for o in c.get("outputs", ()) if "image/png" in str(o)]
    assert sum("image/png" in str(o) for o in outputs) == len(pictures)
    assert list(tmp_path.iterdir()) == []
