"""Run all benchmarks; print a table and leave ``bench.json`` in the working folder."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.synthesize import synthesize
from tests.benchmarks import ingest, statistics, training
from tests.benchmarks.measure import Figure

FACES = 4000


def all_figures() -> Iterator[Figure]:
    """Every figure, as it becomes known."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        synthesize(scratch / "faces", count=FACES)
        yield from ingest.figures(scratch / "faces", scratch)
    yield from training.figures()
    yield from statistics.figures()


def main() -> None:
    console = Console()
    table = Table("name", "ours", "peer", "ratio", "at least", "unit", box=None)
    results = []
    for figure in all_figures():
        results.append(asdict(figure))
        console.print(f"{figure.name}: {figure.ratio:.2f}", highlight=False)
        numbers = (f"{figure.ours:,.0f}", f"{figure.peer:,.0f}", f"{figure.ratio:.2f}")
        table.add_row(figure.name, *numbers, f"{figure.floor:g}", figure.unit)
    Path("bench.json").write_text(json.dumps(results, indent=2) + "\n")
    console.print(table)


if __name__ == "__main__":
    main()
