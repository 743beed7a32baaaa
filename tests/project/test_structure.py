"""The structure of the design: who may import what, sizes, and dependencies that agree."""

import tomllib
from collections import Counter
from itertools import chain

import pytest
import yaml
from packaging.requirements import Requirement

from tests.project.imports import (
    PACKAGES,
    ROOT,
    import_cycles,
    import_graph,
    imported_names,
    sources,
)
from zpoints.extras import EXTRAS

CONDA_NAMES = {
    "torch": "pytorch",
    "matplotlib": "matplotlib-base",
    "build": "python-build",
    "playwright": "playwright-python",  # conda's playwright is that of Node
}
DRAWS = (
    *("pipeline/report/elements/entry.py", "pipeline/report/sections/traversals.py"),
    *("pipeline/report/sections/packages.py", "pipeline/report/page/pictures.py"),
    *("pipeline/latent_space/coding.py", "pipeline/latent_space/stored.py"),
)
"""Files that name the type of a figure; `pipeline/figures` draws them all."""
FLOW = "pipeline/sample/laws/fitted/flow.py"
EXPLORES = ("pipeline/explore",)
LIBRARY_HOMES = {
    "apscheduler": ("cluster",),
    "distributed": ("cluster",),
    "dask_jobqueue": ("cluster",),
    "typer": ("cluster",),
    "rich": ("cluster",),
    "zarr": ("storage",),
    "icechunk": ("storage",),
    "obstore": ("storage",),
    "pyarrow": (
        "pipeline/ingest/sources",
        "pipeline/import_vectors/formats",
        "storage/backend/buckets",
        *("storage/export/columns.py", "storage/export/tables.py"),
    ),
    "matplotlib": ("pipeline/figures", *DRAWS),
    "jinja2": ("pipeline/report", "cluster/schedule"),
    "sklearn": (
        *("pipeline/analyze", "pipeline/sample", "pipeline/structure", "pipeline/evaluate"),
    ),
    "skimage": ("pipeline/evaluate",),
    "dask_ml": ("pipeline/analyze", "pipeline/structure"),
    "torch": (
        *("pipeline/train", "pipeline/network", "pipeline/evaluate/measures/inception.py"),
        FLOW,
    ),
    "zuko": (FLOW,),
    **dict.fromkeys(("tensorboard", "mlflow"), ("pipeline/train/logs",)),
    **dict.fromkeys(("panel", "param", "holoviews", "datashader", "bokeh", "tornado"), EXPLORES),
}
ORDER = (
    # runs before all others
    "cache_folders",
    # vocabulary
    *(
        "settings",
        "errors",
        "parts",
        "progress",
        "fingerprint",
        "row_sample",
        "spread",
        "stage_order",
    ),
    # what several stages are made of
    *("labels", "network", "stage_run", "memory", "step"),
    # the stages, and what reads their results
    *("ingest", "train", "encode", "import_vectors", "analyze", "structure"),
    *("sample", "evaluate", "sweep"),
    *("claims", "compare", "synthesize", "figures", "explore", "latent_space", "report"),
    # what joins the stages
    *("config", "needs", "stage_table", "plan"),
)
"""Modules and folders of ``pipeline``: each imports only from itself and from those before it."""
CLUSTER_ORDER = (
    *(
        "errors",
        "signals",
        "garbage",
        "frozen_objects",
        "progress_line",
        "terminal",
        "batch_job",
        "run_ids",
    ),
    *("compute", "estimate", "run_plan", "run", "demo_store", "jobs", "schedule", "cli"),
)
"""The same for ``cluster``."""
ANALYZE_ORDER = (
    *(
        "config",
        "basis",
        "kernels",
        "states",
        "shape",
        "statistics_dataset",
        "incremental",
        "vectors",
    ),
    *("reduction", "passes", "speed", "memory", "stage", "estimator"),
)
"""The same for ``pipeline/analyze``."""
JOINS_STAGES = ("stage_table", "plan")
"""The only ones in ``pipeline`` that import the ``stage.py`` of a folder from outside it."""
MOST_MODULES = 14
MOST_LINES = 350


def steps_up() -> set[tuple[str, str]]:
    """Imports that run against the order of the packages, or of the folders inside them."""
    return {
        (module.removeprefix("zpoints."), target.removeprefix("zpoints."))
        for module, targets in import_graph().items()
        for target in targets
        if _rank(target) > _rank(module)
    }


def _rank(module: str) -> tuple[int, int]:
    _, package, *rest = module.split(".")
    order = {"pipeline": ORDER, "cluster": CLUSTER_ORDER}.get(package, ())
    inner = order.index(rest[0]) if order and rest else 0
    return PACKAGES.index(package), inner


def test_imports__inside_analyze_go_from_kernels_to_the_stage() -> None:
    inside = "zpoints.pipeline.analyze."
    wrong = [
        f"{module} imports {target}"
        for module, targets in import_graph().items()
        for target in targets
        if module.startswith(inside) and target.startswith(inside)
        if _analyze_rank(target) > _analyze_rank(module)
    ]
    assert wrong == []


def _analyze_rank(module: str) -> int:
    return ANALYZE_ORDER.index(module.split(".")[3])


def test_imports__go_one_way() -> None:
    assert steps_up() == set()


def test_imports__leave_the_tests_out() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for package in PACKAGES
        for path in sources(package)
        for name in imported_names(path)
        if name.split(".")[0] == "tests"
    ]
    assert wrong == []


def test_imports__form_no_cycle() -> None:
    assert import_cycles() == []


def test_imports__stages_use_kernels_of_other_stages_and_not_their_graphs() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, targets in import_graph().items()
        for target in targets
        if target.startswith("zpoints.pipeline.")
        and target.endswith(".stage")
        and module.startswith("zpoints.pipeline.")
        and module.split(".")[2] not in (target.split(".")[2], *JOINS_STAGES)
    ]
    assert wrong == []


@pytest.mark.parametrize("library", LIBRARY_HOMES)
def test_imports__libraries_live_where_they_belong(library: str) -> None:
    homes = LIBRARY_HOMES[library]
    wrong = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in sources(package)
        if library in {name.split(".")[0] for name in imported_names(path)}
        and not str(path.relative_to(ROOT)).startswith(homes)
    ]
    assert wrong == []


def test_modules__are_of_a_size_that_a_reader_takes_in() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for package in (*PACKAGES, "tests")
        for path in sources(package)
        if (lines := len(path.read_text().splitlines())) > MOST_LINES
    }
    assert long == {}


def test_folders__hold_few_modules() -> None:
    counts = Counter(
        str(path.parent.relative_to(ROOT))
        for package in (*PACKAGES, "tests")
        for path in sources(package)
        if path.stem != "__init__"
    )
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}


def dependencies() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {"dev", "test", *EXTRAS}
    groups = (project["optional-dependencies"][extra] for extra in sorted(extras))
    texts = [*project["dependencies"], *chain.from_iterable(groups)]
    found = {r.name.lower(): r for r in map(Requirement, texts)}
    return {name: requirement for name, requirement in found.items() if name != "zpoints"}


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
