"""Executes the notebooks of `examples/`; `python -m tests.notebooks` renews their outputs.

The outputs are of a store of synthetic faces: that of `make demo`, or the one that ZPOINTS_DEMO
names. They hold nothing that differs from run to run but measured times and ids of versions.
"""

import os
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from PIL import Image

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
PARAMETERS = "parameters"
"""Tag of the cell whose numbers the tests make smaller."""
SECONDS = 3600
"""Longest time of a cell."""
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
LANGUAGE = {"name": "python", "pygments_lexer": "ipython3"}
COLOURS = 255
"""Colours of a picture that is stored with a palette."""
LARGE = 60_000
"""Bytes of a picture from which on it has a palette."""


def executed(
    path: Path, folder: Path, numbers: Mapping[str, str] | None = None
) -> nbformat.NotebookNode:
    """A notebook with the outputs of a new kernel.

    Parameters
    ----------
    path
        The notebook, which is not changed.
    folder
        Working folder of the kernel.
    numbers
        What replaces text in the cell of the parameters.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if PARAMETERS in cell.metadata.get("tags", ()):
            for old, new in (numbers or {}).items():
                assert old in cell.source, f"{path.name}: no {old} among the parameters"
                cell.source = cell.source.replace(old, new)
    resources = {"metadata": {"path": folder}}
    NotebookClient(notebook, timeout=SECONDS, record_timing=False, resources=resources).execute(
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    )
    return notebook


def renew(path: Path, demo: Path) -> None:
    """Execute a notebook in an empty folder with a demo store, and store its outputs.

    Parameters
    ----------
    path
        The notebook.
    demo
        Root of the store.
    """
    with TemporaryDirectory() as folder:
        runs = Path(folder, "runs")
        runs.mkdir()
        (runs / "demo").symlink_to(demo)
        notebook = executed(path, Path(folder))
    numbers = count()
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            for kind, value in output.get("data", {}).items():
                output.data[kind] = _plain(kind, value, numbers)
    notebook.metadata["language_info"] = LANGUAGE
    nbformat.write(notebook, path)


def _plain(kind: str, value: str, numbers: count) -> str:
    """An output without random ids; a large picture with a palette."""
    if kind == "text/html":
        known: dict[str, str] = {}
        for found in UUID.findall(value):
            known.setdefault(found, f"id-{next(numbers)}")
        return UUID.sub(lambda match: known[match[0]], value)
    if kind == "image/png" and len(content := b64decode(value)) > LARGE:
        picture, smaller = Image.open(BytesIO(content)).convert("RGB"), BytesIO()
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(smaller, "png", optimize=True)
        return b64encode(min(content, smaller.getvalue(), key=len)).decode("ascii")
    return value


def main() -> None:
    """Renew all notebooks, or those whose names begin with an argument."""
    demo = Path(os.environ.pop("ZPOINTS_DEMO", EXAMPLES.parent / "runs" / "demo")).absolute()
    for path in NOTEBOOKS:
        if not sys.argv[1:] or path.name.startswith(tuple(sys.argv[1:])):
            renew(path, demo)
            sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:,.0f} kB\n")


if __name__ == "__main__":
    main()
