"""Commands for runs, and the entry point of the command line."""

import json
import sys
from typing import Annotated

import typer

from zpoints.cluster.cli.checkup.commands import app as checkup_app
from zpoints.cluster.cli.exit_codes import FAILED, code_of
from zpoints.cluster.cli.explore import app as explore_app
from zpoints.cluster.cli.jobs import app as jobs_app
from zpoints.cluster.cli.options import (
    Cluster,
    ConfigArgument,
    DryRun,
    Json,
    RootOption,
    Set,
    Strict,
    Until,
    check_json,
    check_stage,
    cluster_overrides,
    demo_overrides,
    errors,
    output,
    overrides,
    run_name,
    run_root,
    sweep_overrides,
)
from zpoints.cluster.cli.schedule import app as schedule_app
from zpoints.cluster.cli.shell.commands import Commands
from zpoints.cluster.cli.shell.completion import complete_preset
from zpoints.cluster.cli.shell.installed import version_lines
from zpoints.cluster.cli.store import app as store_app
from zpoints.cluster.cli.vectors import app as vectors_app
from zpoints.cluster.garbage import collect_rarely
from zpoints.cluster.signals import Interrupted, install_handlers
from zpoints.cluster.terminal import console_for, replace_unencodable
from zpoints.extras import extra_of, missing_extra
from zpoints.pipeline.parts.installed import offered_parts
from zpoints.pipeline.stage_order import STAGES
from zpoints.storage.errors import ZpointsError

# Commands import the stages' modules themselves: torch and Dask take seconds to load, for which
# help texts and `zpoints config` should not wait.

RESUMES = dict.fromkeys(
    ("run", "demo", "sweep", "import"),
    "The same command continues: finished stages are kept, the others resume from their last "
    "commit or checkpoint.",
)
"""Message after an interruption, by command."""

app = typer.Typer(
    cls=Commands,
    help="Latent statistics and constrained generation for plain autoencoders, on Dask.",
    no_args_is_help=True,
    epilog=offered_parts(),
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (vectors_app, explore_app, checkup_app, store_app, jobs_app, schedule_app):
    app.add_typer(commands)


def main() -> None:
    """Run the command line; a user's mistake ends in one message, never in a traceback."""
    install_handlers()
    collect_rarely()
    replace_unencodable()
    try:
        app()
    except ZpointsError as error:
        _fail(str(error), code_of(error))
    except ModuleNotFoundError as error:
        if (extra := extra_of(error)) is None:
            raise
        _fail(str(missing_extra(extra)), FAILED)
    except Interrupted as stop:
        outcome = stop.outcome or RESUMES.get(sys.argv[1], "")
        _fail(f"Interrupted. {outcome}".strip(), stop.code)
    except (MemoryError, RuntimeError, OSError) as error:
        from zpoints.pipeline.memory import MORE_HERE, first_line, ran_out  # as the commands do

        if ran_out(error):
            _fail(f"The memory ran out ({first_line(error)}): {MORE_HERE}.", FAILED)
        if not isinstance(error, OSError):
            raise
        _fail(str(error), FAILED)


def _fail(message: str, code: int) -> None:
    errors.print(f"zpoints: {message}", style="red", soft_wrap=True)
    sys.exit(code)


def _print_version(asked: bool) -> None:
    if asked:
        for line in version_lines():
            output.print(line, soft_wrap=True)
        raise typer.Exit


@app.callback()
def zpoints(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            metavar="",
            callback=_print_version,
            is_eager=True,
            help="Show the versions of zpoints and its main libraries, and exit.",
        ),
    ] = False,
) -> None:
    """Latent statistics and constrained generation for plain autoencoders, on Dask."""


@app.command()
def demo(
    root: RootOption = None,
    faces: Annotated[
        str | None,
        typer.Option(
            help="Local folder of the faces. Default: ROOT-faces, or runs/NAME-faces for a bucket."
        ),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Number of faces.")] = 8000,
    set_: Set = None,
    cluster: Cluster = None,
) -> None:
    """Run every stage on synthetic faces; takes a few minutes."""
    from zpoints.cluster.cli.demo import run_demo
    from zpoints.cluster.cli.run_summary import print_result
    from zpoints.pipeline.config.run import load_config

    config = load_config("demo", [*demo_overrides(set_), *cluster_overrides(cluster)])
    where = run_root(root, "demo", config.root)
    print_result(run_demo(config, where, faces=faces, count=count, console=console_for(output)))


@app.command()
def run(
    config: ConfigArgument,
    root: RootOption = None,
    until: Until = STAGES[-1],
    set_: Set = None,
    cluster: Cluster = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Run all stages whose results are missing or out of date."""
    from zpoints.pipeline.config.existing import require_origin
    from zpoints.pipeline.config.run import load_config

    check_stage(until)
    check_json(as_json, dry_run)
    settings = load_config(config, overrides(set_, cluster, strict))
    require_origin(settings)
    name, where = run_name(config), run_root(root, config, settings.root)

    from zpoints.cluster.cli.run_summary import print_plan, run_and_print

    if dry_run:
        print_plan(settings, where, title=name, until=until, as_json=as_json)
    else:
        run_and_print(settings, where, title=name, until=until)


@app.command()
def sweep(
    config: ConfigArgument,
    root: RootOption = None,
    generator: Annotated[
        str | None, typer.Option(help="Generator whose parameters vary. Default: ellipse.")
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE,VALUE", help="Values of one parameter; repeatable."),
    ] = None,
    set_: Set = None,
    cluster: Cluster = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Evaluate a generator over a grid of its parameters.

    Stages that the sweep needs run first. Without --grid, ellipse is evaluated over K, fact and
    law.
    """
    chosen = ["sweep.enabled=true", *sweep_overrides(generator, grid), *(set_ or ())]
    run(
        config,
        root,
        set_=chosen,
        cluster=cluster,
        dry_run=dry_run,
        strict=strict,
        as_json=as_json,
    )


@app.command()
def synthesize(
    destination: Annotated[str, typer.Argument(help="New folder for the photographs.")],
    count: Annotated[int, typer.Option(min=1, help="Number of photographs.")] = 10_000,
    seed: Annotated[
        int, typer.Option(min=0, help="Random seed; face i depends on it and on i alone.")
    ] = 0,
) -> None:
    """Draw synthetic faces of known factors as CelebA's files."""
    from zpoints.pipeline.progress import counted
    from zpoints.pipeline.synthesize import synthesize as draw_tree

    with console_for(output).bar("draw", total=count, unit="faces") as advance:
        draw_tree(destination, count=count, seed=seed, on_progress=lambda done: advance(done, ""))
    output.print(f"{counted(count, 'face')} in {destination}")


@app.command()
def config(
    preset: Annotated[
        str | None,
        typer.Argument(
            metavar="CONFIG",
            autocompletion=complete_preset,
            help="Name of a preset, or YAML file. Default: the default settings.",
        ),
    ] = None,
    set_: Set = None,
    schema: Annotated[
        bool,
        typer.Option("--schema", help="Print the JSON Schema of all keys, for editors, instead."),
    ] = False,
) -> None:
    """Print a configuration as YAML: every key, its meaning and range."""
    from zpoints.pipeline.config.commented_yaml import commented_yaml
    from zpoints.pipeline.config.parts import part_lines
    from zpoints.pipeline.config.preset_files import preset_names
    from zpoints.pipeline.config.run import RunConfig, load_config, override
    from zpoints.pipeline.config.schema import HEADER, json_schema

    if schema:
        if preset or set_:
            raise typer.BadParameter("--schema is that of every configuration; leave the rest out.")
        print(json.dumps(json_schema(), indent=2))  # noqa: T201
        return
    settings = load_config(preset, set_ or ()) if preset else override(RunConfig(), set_ or ())
    for line in HEADER:
        print(line)  # noqa: T201
    print(f"# Presets: {', '.join(preset_names())}")  # noqa: T201
    for line in part_lines():
        print(f"# {line}")  # noqa: T201
    print(commented_yaml(settings), end="")  # noqa: T201
