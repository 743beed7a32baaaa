"""Public functions document their parameters."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.imports import PACKAGES, ROOT, sources

LEAST = 3
"""Parameters from which on a function has a section that describes them."""
COMMANDS = ROOT / "cluster" / "cli"
"""The docstring of a command is its help text; each option has its own text."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions(path: Path) -> Iterator[Function]:
    """Functions of a module and methods of its classes whose names are public."""
    tree = ast.parse(path.read_text())
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for owner in (tree, *classes):
        for node in owner.body:
            if isinstance(node, Function) and not node.name.startswith("_"):
                yield node


def parameters(function: Function) -> list[str]:
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings__have_a_section_of_parameters(package: str) -> None:
    missing = []
    for path in sources(package):
        for function in public_functions(path):
            text = ast.get_docstring(function)
            # A method without a docstring implements one that an interface documents.
            if text is not None and len(parameters(function)) >= LEAST:
                described = "Parameters\n----------" in text
                if not described and not path.is_relative_to(COMMANDS):
                    missing.append(f"{path.relative_to(ROOT)}: {function.name}")
    assert missing == []


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings__every_module_has_one(package: str) -> None:
    missing = [p for p in sources(package) if not ast.get_docstring(ast.parse(p.read_text()))]
    assert missing == []
