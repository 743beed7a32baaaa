"""The commands in the order of their help, in panels, each with one example."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, wraps
from inspect import cleandoc
from typing import Annotated, Any

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.main import get_command

from zpoints.cluster.cli.options import errors, output
from zpoints.extras import RUN, require


@dataclass(frozen=True)
class Entry:
    """A command in the help.

    Attributes
    ----------
    example
        What a user may type; several lines end in a backslash, as a shell reads them.
    progress
        Whether the command shows progress, which ``--quiet`` hides.
    needs
        Extras without which the command cannot work; refused together, before it begins.
    """

    example: str
    progress: bool = True
    needs: tuple[str, ...] = ()


def _listed(example: str, *needs: str) -> Entry:
    return Entry(example, progress=False, needs=needs)


def _run(example: str) -> Entry:
    return Entry(example, needs=RUN)


PAGE = ("train", "report")
"""Extras of a page with decoded faces."""
PANELS: dict[str, dict[str, Entry]] = {
    "Make a store": {
        "demo": _run("zpoints demo"),
        "run": _run("zpoints run celeba-case-1 --root runs/celeba \\\n--set ingest.source=CelebA"),
        "import": _run("zpoints import vectors.npy --root runs/mine --labels labels.csv"),
        "sweep": _run(
            "zpoints sweep celeba-case-1 --root runs/celeba --set ingest.source=CelebA \\\n"
            "--grid fact=0.6,0.8"
        ),
        "config": _listed("zpoints config celeba-case-1 > my.yaml", "analyze"),
        "synthesize": Entry("zpoints synthesize faces --count 2000", needs=("analyze",)),
    },
    "Look at a store": {
        "info": _listed("zpoints info runs/demo"),
        "explore": _listed("zpoints explore runs/demo", "explore"),
        "report": Entry("zpoints report runs/demo --set report.faces=40", needs=PAGE),
        "compare": Entry("zpoints compare runs/case-1 runs/case-2", needs=PAGE),
        "export": Entry("zpoints export runs/demo samples/ellipse faces --as png"),
    },
    "Versions of a store": {
        "history": _listed("zpoints history runs/demo"),
        "diff": _listed("zpoints diff runs/demo previous latest", "analyze"),
        "rollback": _listed("zpoints rollback runs/demo previous"),
        "verify": Entry("zpoints verify runs/demo --sample 10"),
    },
    "Jobs and schedules": {
        "submit": _run(
            "zpoints submit celeba-case-1 --root runs/celeba \\\n--set ingest.source=CelebA"
        ),
        "jobs": _listed("zpoints jobs"),
        "logs": _listed("zpoints logs 20261122-212736-ac21 --follow"),
        "wait": _listed("zpoints wait 20261122-212736-ac21 --timeout 3600"),
        "cancel": _listed("zpoints cancel 20261122-212736-ac21"),
        "schedule": _run(
            "zpoints schedule celeba-case-1 --root runs/celeba \\\n"
            '--set ingest.source=CelebA --cron "0 3 * * *"'
        ),
    },
    "This installation": {
        "doctor": _listed("zpoints doctor runs/demo"),
    },
}
"""Commands by panel, in the order in which a newcomer meets them."""


def entries() -> Iterator[tuple[str, str, Entry]]:
    """Panel, name and entry of each command."""
    for panel, inside in PANELS.items():
        for name, entry in inside.items():
            yield panel, name, entry


class Commands(TyperGroup):
    """The group of all commands: ordered, in panels, with examples and plain names of values."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        order = [name for _, name, _ in entries() if name in self.commands]
        others = [name for name in self.commands if name not in order]
        self.commands = {name: self.commands[name] for name in (*order, *others)}
        for panel, name, entry in entries():
            if (command := self.commands.get(name)) is None:
                continue
            command.help = _unwrapped(command.help or "")
            command.rich_help_panel = panel  # type: ignore[attr-defined]
            command.epilog = f"Example:\n  {_unmarked(_indented(entry.example))}"
            command.callback = _after_extras(command.callback, entry.needs)
            if entry.progress:
                command.params.append(_quiet_option())
            for parameter in command.params:
                _name_value(parameter)
                _explain_missing(parameter, entry.example)

    def get_params(self, ctx: Any) -> list[Any]:
        found = super().get_params(ctx)
        for parameter in found:
            _name_value(parameter)
        return found

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _name_value(command.get_help_option(ctx))
        return command


def _after_extras(callback: Any, needs: tuple[str, ...]) -> Any:
    """The callback of a command, refused without the extras that it needs."""

    @wraps(callback)
    def checked(*values: Any, **options: Any) -> Any:
        require(*needs)
        return callback(*values, **options)

    return checked


def _name_value(parameter: Any) -> None:
    """Name the value of a parameter as the documentation does; a flag has none.

    Typer would show the Python type: `<str>`, and `<bool>` for a flag; and `{ROOT}` in the usage.
    """
    if isinstance(parameter, TyperArgument):
        parameter.metavar = parameter.metavar or str(parameter.name).upper().strip("_")
        parameter.display_type_rich = lambda ctx: None  # type: ignore[method-assign]
        usage = parameter.metavar if parameter.required else f"[{parameter.metavar}]"
        parameter.get_usage_pieces = lambda ctx: [usage]  # type: ignore[method-assign]
    elif parameter.metavar is not None:
        return
    elif isinstance(parameter, TyperOption) and parameter.is_flag:
        parameter.metavar = ""
    elif isinstance(parameter, TyperOption):
        parameter.metavar = max(parameter.opts, key=len).strip("-").upper().replace("-", "_")


def _explain_missing(parameter: Any, example: str) -> None:
    """Let the message about a missing argument or option show its help and an example."""
    if parameter.required:
        message = f"{parameter.help}\n\nExample:\n  {_indented(example)}"
        parameter.get_missing_message = lambda ctx: message


@cache
def _quiet_option() -> Any:
    """The option ``--quiet``, which sets the consoles and reaches no command."""
    app = typer.Typer(add_completion=False)

    @app.command()
    def command(quiet: Quiet = False) -> None: ...

    return get_command(app).params[0]


def _show_progress(quiet: bool) -> None:
    for console in (output, errors):
        console.shows_progress = not quiet


Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        callback=_show_progress,
        expose_value=False,
        help="Print only results and errors.",
    ),
]


def _unwrapped(text: str) -> str:
    """Paragraphs on one line each, for the terminal to wrap."""
    return "\n\n".join(" ".join(part.split()) for part in cleandoc(text).split("\n\n"))


def _indented(example: str) -> str:
    return example.replace("\n", "\n    ")


def _unmarked(text: str) -> str:
    """Text in which Rich finds no markup."""
    return text.replace("[", "\\[")
