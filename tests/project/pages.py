"""The README and the pages of docs/: their blocks, commands, links and anchors."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.project.imports import ROOT

DOCS = ROOT / "docs"
RECORDS = DOCS / "decisions"
FIRST_PAGES = (ROOT / "README.md", DOCS / "index.md")
"""The pages that newcomers see first; other pages have the same commands."""
MADE = ("_build", "_ext", "_templates", "notebooks", "api")
"""Folders of docs/ without pages that someone wrote."""
NEEDS = re.compile(r"\A# Needs (.+)")
"""First line of a block that does not run everywhere: readers see it, tests check its options."""
FENCE = re.compile(r"^( *)(`{3,})([\w{}-]*)[^\n]*\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes
    ----------
    language
        What follows the fence: sh, python, yaml, ...
    text
        Its lines.
    """

    language: str
    text: str

    @property
    def needs(self) -> str:
        """What the block needs that a test machine lacks; empty if it runs anywhere."""
        found = NEEDS.match(self.text)
        return found.group(1) if found else ""


def pages() -> list[Path]:
    """The README and every page of docs/ but the decision records."""
    found = [p for p in DOCS.rglob("*.md") if set(p.relative_to(DOCS).parts).isdisjoint(MADE)]
    return [ROOT / "README.md", *sorted(p for p in found if p.parent != RECORDS), *indexes()]


def indexes() -> list[Path]:
    """The page that lists the records."""
    return [RECORDS / "index.md"]


def name_of(page: Path) -> str:
    """A page as tests name it, e.g. how-to/draw.md."""
    return page.relative_to(DOCS if page.is_relative_to(DOCS) else ROOT).as_posix()


def blocks(page: Path, language: str) -> list[Block]:
    """The blocks of a page in a language, without their indentation."""
    found = []
    for indent, _, kind, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if kind == language:
            lines = [line.removeprefix(indent) for line in text.splitlines(keepends=True)]
            found.append(Block(kind, "".join(lines)))
    return found


def command_lines(text: str) -> Iterator[list[str]]:
    """The arguments of each `zpoints` command in shell code, without comments and output files.

    Examples
    --------
    >>> list(command_lines("A=1 zpoints run demo \\\\\\n  --set 'a.b=c'  # why"))
    [['run', 'demo', '--set', 'a.b=c']]
    >>> list(command_lines("zpoints config demo > demo.yaml"))
    [['config', 'demo']]
    """
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words and ("=" in words[0] or words[0] == "nohup"):
            words.pop(0)
        if words and words[0] == "zpoints":
            yield words[1 : words.index(">") if ">" in words else None]


def inline_commands(page: Path) -> Iterator[list[str]]:
    """The arguments of each `zpoints` command within a sentence."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for code in re.findall(r"(?<!`)`((?:nohup )?zpoints\s[^`]+)`(?!`)", text):
        yield from command_lines(" ".join(code.split()))


def links(page: Path) -> list[str]:
    """Targets of the Markdown links of a page."""
    return LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page, as GitHub and MyST make them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.strip().lower()).replace(" ", "-") for h in headings}
