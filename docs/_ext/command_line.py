"""The commands with their arguments and options, from the program."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer.main
from markdown_table import code, table

from zpoints.cluster.cli import exit_codes as codes
from zpoints.cluster.cli.main import app

Command = Any
"""A command of click, which typer may bring along under a name of its own."""


def markdown() -> str:
    """A section for each command."""
    group: Any = typer.main.get_command(app)
    context = group.make_context("zpoints", [], resilient_parsing=True)
    names = group.list_commands(context)
    commands = {name: group.get_command(context, name) for name in names}
    return "\n\n".join(_section(name, command) for name, command in commands.items())


def exit_codes() -> str:
    """A table of the exit codes, from the comments of their module."""
    lines = Path(codes.__file__).read_text(encoding="utf-8")
    found = re.findall(r'^[A-Z_]+ = (\d+)\n"""(.*?)"""', lines, re.MULTILINE | re.DOTALL)
    rows = [("0", "Done."), *found]
    rows += [("130", "Interrupted with Ctrl-C (SIGINT)."), ("143", "Interrupted with SIGTERM.")]
    return table(["code", "meaning"], rows)


def _section(name: str, command: Command) -> str:
    text = inspect.cleandoc(command.help or "").replace("\f", "").replace("\b\n", "")
    usage = " ".join(["zpoints", name, *_usage(command)])
    parts = [f"## {name}", text, f"```text\n{usage}\n```"]
    rows = [row for parameter in command.params if (row := _row(parameter))]
    if rows:
        parts.append(table(["argument or option", "meaning", "default"], rows))
    if command.epilog:
        parts.append(f"```text\n{inspect.cleandoc(command.epilog)}\n```")
    return "\n\n".join(parts)


def _usage(command: Command) -> Iterator[str]:
    yield "[OPTIONS]"
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            shown = _metavar(parameter)
            yield shown if parameter.required else f"[{shown}]"


def _row(parameter: Any) -> tuple[str, str, str] | None:
    if getattr(parameter, "hidden", False) or parameter.name == "help":
        return None
    if parameter.param_type_name == "argument":
        name = code(_metavar(parameter))
    else:
        spelled = ", ".join(code(opt) for opt in (*parameter.opts, *parameter.secondary_opts))
        value = "" if parameter.is_flag else f" {code(_metavar(parameter))}"
        name = spelled + value
    default = parameter.default
    shown = "" if default in (None, False, ()) or callable(default) else code(str(default))
    if parameter.required:
        shown = "required"
    return name, _escaped(getattr(parameter, "help", None) or ""), shown


def _metavar(parameter: Any) -> str:
    if parameter.metavar:
        return str(parameter.metavar)
    if parameter.param_type_name == "argument":
        return str(parameter.name).rstrip("_").upper()
    annotation = parameter.type_descriptor.annotation
    if get_origin(annotation) is Literal:
        return "|".join(map(str, get_args(annotation)))
    return {int: "NUMBER", float: "NUMBER"}.get(annotation, "TEXT")


def _escaped(text: str) -> str:
    """Text of the program as Markdown."""
    return re.sub(r"([*_<\[])", r"\\\1", text)
