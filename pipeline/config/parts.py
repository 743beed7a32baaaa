"""The parts that a configuration can name: zpoints' own and those of installed packages."""

from collections.abc import Iterable, Mapping

from zpoints.extras import missing_from
from zpoints.pipeline.evaluate.measure_table import all_measures, measure_packages
from zpoints.pipeline.ingest.config import FORMATS
from zpoints.pipeline.ingest.sources.formats import installed_readers
from zpoints.pipeline.sample.laws.all_laws import PACKAGES
from zpoints.pipeline.sample.registry import GENERATORS
from zpoints.pipeline.train.config import LOGS
from zpoints.pipeline.train.logs.table import installed_logs


def part_lines() -> list[str]:
    """A line for each kind of part, with the package of those that are not zpoints' own."""
    readers = {name: part.package for name, part in installed_readers().items()}
    figures = {} if missing_from("report") else _figures()
    logs = {name: part.package for name, part in installed_logs().items()}
    return [
        f"Generators: {_listed(GENERATORS, PACKAGES)}",
        f"Measures: {_listed((m.name for m in all_measures()), measure_packages())}",
        f"Formats of photographs: {_listed((*FORMATS, *readers), readers)}",
        f"Training logs: {_listed((*LOGS, *logs), logs)}",
        *([f"Further figures: {_listed(figures, figures)}"] if figures else []),
    ]


def _figures() -> dict[str, str]:
    """The package of each figure that is not zpoints' own; figures need the extra "report"."""
    from zpoints.pipeline.figures import OWN
    from zpoints.pipeline.parts.figures import installed_figures

    return {name: part.package for name, part in installed_figures(OWN).items()}


def _listed(names: Iterable[str], packages: Mapping[str, str]) -> str:
    return ", ".join(f"{n} ({packages[n]})" if n in packages else n for n in names)
