"""The README agrees with the code: its Python runs, its commands, targets and links exist."""

import re
from pathlib import Path

import pytest
import typer.main

from zpoints.cluster.cli.main import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_python_blocks__run_in_order(
    small_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "demo").symlink_to(small_root)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}

    for block in blocks("python"):
        exec(block, names)

    assert names["faces"].shape == (8, 32, 32, 3)  # type: ignore[attr-defined]


def test_commands__exist() -> None:
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    commands = re.findall(r"zpoints ([a-z]+)", " ".join(blocks("sh")))
    inline = re.findall(r"`(?:nohup )?zpoints\s([a-z]+)", README)

    assert {*commands, *inline} == known


def test_make_targets__exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    documents = README + (ROOT / "CONTRIBUTING.md").read_text()
    for target in re.findall(r"^(?: {4}|`)?make ([a-z]+)|`make ([a-z]+)", documents, re.MULTILINE):
        name = "".join(target)
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), name


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.md")), ids=lambda path: path.name)
def test_links__lead_to_files_of_the_project(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", path.read_text())
    missing = [t for t in targets if not t.startswith("http") and not (ROOT / t).exists()]
    assert missing == []
