"""The README and the pages of docs/ agree with the program."""

import ast
import re
from pathlib import Path

import pytest
import typer.main

from tests.project.imports import ROOT
from tests.project.pages import (
    DOCS,
    FIRST_PAGES,
    RECORDS,
    anchors,
    blocks,
    command_lines,
    indexes,
    inline_commands,
    links,
    name_of,
    pages,
)
from zpoints.cluster.cli.main import app
from zpoints.cluster.cli.options import overrides, sweep_overrides
from zpoints.pipeline.config.run import load_config, preset_names
from zpoints.pipeline.figures import OWN
from zpoints.pipeline.sample.registry import GENERATORS

README = ROOT / "README.md"
MOST_LINES = 130
COMMANDS = typer.main.get_command(app)
ALONE = {option for parameter in COMMANDS.params for option in parameter.opts}
"""Options of the program itself, such as --version."""
EXTERNAL = re.compile(r"https://[\w.-]+\.[a-z]{2,}(?:/[\w./#%&=?~+-]*)?")

every_page = pytest.mark.parametrize("page", pages(), ids=name_of)


def written_commands(page: Path) -> list[list[str]]:
    """The arguments of every command in a page's blocks."""
    return [line for block in blocks(page, "sh") for line in command_lines(block.text)]


@every_page
def test_commands__have_these_options_and_settings(page: Path) -> None:
    for name, *arguments in written_commands(page):
        if name in ALONE:
            continue
        command = COMMANDS.commands[name]  # type: ignore[attr-defined]
        given = command.make_context(name, list(arguments)).params
        settings = overrides(given.get("set_"), given.get("cluster"), strict=False)
        if name == "sweep":
            settings += ["sweep.enabled=true", *sweep_overrides(given["generator"], given["grid"])]
        if given.get("config") is not None:
            preset = given["config"] if given["config"] in preset_names() else "demo"
            load_config(preset, settings)


@every_page
def test_commands__in_sentences_exist(page: Path) -> None:
    for name, *arguments in inline_commands(page):
        if name == "COMMAND" or name in ALONE | {"--help"}:
            continue
        command = COMMANDS.commands[name]  # type: ignore[attr-defined]
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
        options = {a.partition("=")[0] for a in arguments if a.startswith("-")}
        assert options <= {*known, "--help", "-h"}, (name, arguments)


def test_pages__show_every_command() -> None:
    shown = {line[0] for page in pages() for line in written_commands(page)}
    spoken = {line[0] for page in pages() for line in inline_commands(page)}

    assert set(COMMANDS.commands) <= shown | spoken  # type: ignore[attr-defined]


def test_readme__is_short() -> None:
    assert len(README.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", FIRST_PAGES, ids=name_of)
def test_first_pages__show_commands_that_other_pages_run(page: Path) -> None:
    others = [p for p in pages() if p not in FIRST_PAGES]
    documented = [line for other in others for line in written_commands(other)]

    assert [line for line in written_commands(page) if line not in documented] == []


@every_page
def test_python_blocks__are_valid(page: Path) -> None:
    for block in blocks(page, "python"):
        ast.parse(block.text)


def test_make_targets__exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    documents = "".join(p.read_text() for p in (*pages(), ROOT / "CONTRIBUTING.md"))
    for target in re.findall(r"^(?: {4}|`)?make ([a-z]+)|`make ([a-z]+)", documents, re.MULTILINE):
        name = "".join(target)
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), name


@pytest.mark.parametrize(
    "page",
    sorted({*pages(), *RECORDS.glob("*.md"), *ROOT.glob("*.md")}),
    ids=lambda page: page.name,
)
def test_links__lead_somewhere(page: Path) -> None:
    wrong = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        if target.startswith("http"):
            if not EXTERNAL.fullmatch(target):
                wrong.append(target)
            continue
        file = page.parent / path if path else page
        known = anchors(file) if anchor and file.suffix == ".md" and file.exists() else {anchor}
        if not file.exists() or anchor not in known:
            wrong.append(target)
    assert wrong == []


def test_sources__that_pages_name_exist() -> None:
    named = {
        name for page in pages() for name in re.findall(r"\{source\}`([^`]+)`", page.read_text())
    }
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_figures__are_listed_and_explained() -> None:
    reference = (DOCS / "reference/python.md").read_text()
    explained = (DOCS / "explanation/figures.md").read_text()

    assert [name for name in OWN if not re.search(rf"^   {name}$", reference, re.MULTILINE)] == []
    assert [name for name in OWN if f"`{name}`" not in explained] == []


def test_generators__are_listed() -> None:
    text = (DOCS / "reference/generators.md").read_text()
    assert [name for name in GENERATORS if f"| `{name}` |" not in text] == []


def test_pages__are_in_a_table_of_contents() -> None:
    text = "".join(p.read_text() for p in pages() if p.stem == "index")
    listed = {p for p in pages() if p != README and p != DOCS / "index.md"} - set(indexes())
    missing = [p for p in listed if not re.search(rf"^(?:[\w-]+/)?{p.stem}$", text, re.MULTILINE)]
    assert [p for p in missing if p.stem != "index"] == []


def test_records__have_one_form() -> None:
    parts = ["Context", "Decision", "Measured", "Consequences"]
    wrong = []
    for record in sorted(set(RECORDS.glob("*.md")) - set(indexes())):
        text = record.read_text()
        decisions = re.findall(r"^##? .+\n\n\d{4}-\d\d-\d\d", text, re.MULTILINE)
        found = [part for part in re.findall(r"^##+ (.+)$", text, re.MULTILINE) if part in parts]
        if not decisions or found != parts * len(decisions):
            wrong.append(record.name)
    assert wrong == []
