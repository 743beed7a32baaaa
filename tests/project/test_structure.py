"""The structure of the design: who may import what, and dependencies that agree."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PACKAGES = ("storage", "pipeline", "cluster")
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
LIBRARY_HOMES = {
    "apscheduler": ("cluster",),
    "distributed": ("cluster", "storage/executor.py"),
    "dask_jobqueue": ("cluster",),
    "typer": ("cluster",),
    "rich": ("cluster",),
    "zarr": ("storage",),
    "icechunk": ("storage",),
    "obstore": ("storage",),
    "pyarrow": ("pipeline/ingest/sources",),
    "matplotlib": ("pipeline/report",),
    "jinja2": ("pipeline/report",),
    "sklearn": ("pipeline/analyze", "pipeline/sample", "pipeline/structure", "pipeline/evaluate"),
    "skimage": ("pipeline/evaluate",),
    "dask_ml": ("pipeline/analyze", "pipeline/structure"),
    "torch": ("pipeline/train", "pipeline/network", "pipeline/encode", "pipeline/evaluate"),
}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Top-level names of every import, however deep in the module it stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} imports relatively"
            name = node.module.removeprefix("zpoints.") if node.module else ""
            yield name.split(".")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports__go_one_way(package: str) -> None:
    later = set(PACKAGES[PACKAGES.index(package) + 1 :]) | {"tests"}
    wrong = [
        f"{p.relative_to(ROOT)}: {n}" for p in modules(package) for n in imported(p) if n in later
    ]
    assert wrong == []


@pytest.mark.parametrize("library", LIBRARY_HOMES)
def test_imports__libraries_live_where_they_belong(library: str) -> None:
    homes = LIBRARY_HOMES[library]
    wrong = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in modules(package)
        if library in imported(path) and not str(path.relative_to(ROOT)).startswith(homes)
    ]
    assert wrong == []


def test_modules__are_of_a_size_that_a_reader_takes_in() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for package in PACKAGES
        for path in modules(package)
        if (lines := len(path.read_text().splitlines())) > 350
    }
    assert long == {}


def dependencies() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return {r.name.lower(): r for r in map(Requirement, texts)}


def test_environment__is_in_step_with_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = {
        r.name.lower(): r
        for r in (Requirement(t) for t in environment["dependencies"] if isinstance(t, str))
    }
    missing = []
    for name, requirement in dependencies().items():
        listed = conda.get(CONDA_NAMES.get(name, name))
        if listed is None or listed.specifier != requirement.specifier:
            missing.append(str(requirement))
    assert missing == []
    assert {"python", "pip"} <= set(conda)


def test_constraints__pin_every_dependency_within_its_range() -> None:
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, version = line.split("==")
            pins[name.lower().replace("_", "-")] = version
    wrong = [
        str(requirement)
        for name, requirement in dependencies().items()
        if not requirement.specifier.contains(pins.get(name, "0"), prereleases=True)
    ]
    assert wrong == []
