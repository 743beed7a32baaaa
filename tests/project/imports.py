"""The import graph of the source, read from the files without importing them."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("storage", "pipeline", "cluster")


def sources(package: str) -> list[Path]:
    """The Python files of a package."""
    return sorted((ROOT / package).rglob("*.py"))


def module_name(path: Path) -> str:
    """The import name of a file.

    Examples
    --------
    >>> module_name(ROOT / "pipeline" / "ingest" / "__init__.py")
    'zpoints.pipeline.ingest'
    """
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(["zpoints", *parts]).removesuffix(".__init__")


@cache
def imported_names(path: Path) -> tuple[str, ...]:
    """Dotted names that a file imports anywhere in it, ``if TYPE_CHECKING`` and functions included.

    ``from a.b import c`` gives ``a.b.c``, whether ``c`` is a module or a name in one.
    """
    return tuple(_imported_names(path))


def _imported_names(path: Path) -> Iterator[str]:
    package = module_name(path) if path.stem == "__init__" else module_name(path.parent)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 or path.suffix == ".pyi", f"{path} imports relatively"
            base = f"{package}.{node.module}" if node.level else str(node.module)
            yield from (f"{base}.{alias.name}" for alias in node.names)


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the three packages by its import name."""
    return {module_name(path): path for package in PACKAGES for path in sources(package)}


@cache
def import_graph() -> Mapping[str, frozenset[str]]:
    """For each module, the modules of the three packages that it imports.

    A name that a package loads lazily (``__init__.pyi``) counts as the module that defines it.
    """
    return {
        name: frozenset(
            target for imported in imported_names(path) if (target := _module_of(imported))
        )
        for name, path in modules().items()
    }


def _module_of(name: str) -> str:
    """The module that an imported name belongs to; empty for other libraries."""
    if name in modules():
        return name
    package, _, attribute = name.rpartition(".")
    if package not in modules():
        return ""
    stub = modules()[package].with_suffix(".pyi")
    lazy = imported_names(stub) if stub.exists() else ()
    return next((_module_of(n) for n in lazy if n.rpartition(".")[2] == attribute), package)


def import_cycles() -> list[list[str]]:
    """Groups of modules that import each other, directly or through others (Tarjan 1972)."""
    graph = import_graph()
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for target in graph[module]:
            if target not in index:
                visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], index[target])
        if low[module] == index[module]:
            group = stack[stack.index(module) :]
            del stack[-len(group) :]
            if len(group) > 1 or module in graph[module]:
                found.append(sorted(group))

    for module in graph:
        if module not in index:
            visit(module)
    return found
