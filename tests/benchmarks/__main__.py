"""Run all benchmarks; print a table and write ``bench.json``; exit code 1 if a ratio is too low."""

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import (
    cluster,
    drawing,
    ingest,
    sampling,
    scale,
    statistics,
    synthesis,
    training,
    vectors,
)
from tests.benchmarks.measure import Figure
from zpoints.pipeline.synthesize import synthesize

FACES = 12_000


def all_figures() -> Iterator[Figure]:
    """Every figure, as soon as it is measured."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        yield from synthesis.figures(scratch)
        synthesize(scratch / "faces", count=FACES)
        yield from ingest.figures(scratch / "faces", scratch)
        yield from cluster.figures(scratch / "faces", scratch)
        yield from statistics.figures(scratch)
        yield from sampling.figures(scratch)
        yield from vectors.figures(scratch)
    yield from scale.figures()
    yield from training.figures()
    yield from drawing.figures()


def main() -> int:
    """Measure and report; returns the exit code."""
    console = Console()
    table = Table("name", "ours", "peer", "ratio", "at least", "unit", box=None)
    results = []
    for figure in all_figures():
        results.append(figure)
        Path("bench.json").write_text(json.dumps([asdict(f) for f in results], indent=2) + "\n")
        console.print(f"{figure.name}: {figure.ratio:.2f}", highlight=False)
        numbers = (f"{figure.ours:,.0f}", f"{figure.peer:,.0f}", f"{figure.ratio:.2f}")
        table.add_row(figure.name, *numbers, f"{figure.floor:g}", figure.unit)
    console.print(table)
    low = [figure for figure in results if figure.ratio < figure.floor]
    for figure in low:
        console.print(f"Too low: {figure.name}: {figure.ratio:.2f} < {figure.floor:g}", style="red")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
