"""The command line ``zpoints``."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cluster.errors import ClusterError, SecurityError
from cluster.interruption import Interrupted, heed_signals
from cluster.jobs_cli import app as jobs_app
from cluster.options import Cluster, DryRun, Root, RootOption, Set, Strict, errors, output
from pipeline.cluster_config import chosen_cluster
from storage.errors import StoreLockedError, ZpointsError

if TYPE_CHECKING:
    from cluster.run import RunResult

# The stages' modules are imported inside the commands: torch and Dask take seconds to load, which
# help texts and configurations should not wait for.

FAILED, USAGE, BUSY, DAMAGED, LOST = 1, 2, 3, 4, 5
RESUMES = dict.fromkeys(
    ("run", "demo", "sweep"),
    "The same command goes on: finished stages stay, the others continue from their last commit or "
    "checkpoint.",
)
RESUMES["schedule"] = "The run that was at work is cancelled; the next one goes on from there."

app = typer.Typer(
    help="Latent statistics and constrained generation for plain autoencoders, on Dask.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(jobs_app)


def main() -> None:
    """Run the command line; users' mistakes end in one message, never in a traceback."""
    from pipeline.config import ConfigError

    heed_signals()
    try:
        app()
    except (ConfigError, SecurityError) as error:
        _fail(str(error), USAGE)
    except StoreLockedError as error:
        _fail(str(error), BUSY)
    except ClusterError as error:
        _fail(str(error), LOST)
    except (ZpointsError, OSError) as error:
        _fail(str(error), FAILED)
    except Interrupted as stop:
        _fail(f"Interrupted. {RESUMES.get(sys.argv[1], '')}".strip(), stop.code)


def _fail(message: str, code: int) -> None:
    errors.print(f"zpoints: {message}", style="red", soft_wrap=True)
    sys.exit(code)


@app.command()
def demo(root: RootOption = None, cluster: Cluster = None) -> None:
    """Draw synthetic faces, train on them, describe their latents, make new ones; a few minutes."""
    from cluster.console import console_for
    from cluster.demo import run_demo
    from pipeline.config import load_config

    config = load_config("demo", chosen_cluster(cluster))
    where = root or config.root or "runs/demo"
    _show(run_demo(config, where, console=console_for(output)))


@app.command()
def run(
    config: Annotated[str, typer.Argument(help="A YAML file, or the name of a preset.")],
    root: RootOption = None,
    until: Annotated[
        str,
        typer.Option(
            help="Last stage: ingest, train, encode, analyze, structure, sample, evaluate, "
            "sweep or report."
        ),
    ] = "report",
    set_: Set = None,
    cluster: Cluster = None,
    dry_run: DryRun = False,
    strict: Strict = False,
) -> None:
    """Run the stages whose results the store does not have yet."""
    from pipeline.config import STAGES, load_config

    if until not in STAGES:
        raise typer.BadParameter(f"{until} is no stage; one of {', '.join(STAGES)}.")
    overrides = [
        *(set_ or ()),
        *chosen_cluster(cluster),
        *(["source.strict=true"] if strict else ()),
    ]
    settings = load_config(config, overrides)
    name = Path(config).stem
    where = root or settings.root or f"runs/{name}"

    from cluster.console import console_for
    from cluster.run import dry_run as plan_stages
    from cluster.run import run as run_stages
    from cluster.tables import plan_table

    console = console_for(output)
    if dry_run:
        prospects = plan_stages(settings, where, console=console, until=until, title=name)
        output.print(plan_table(prospects))
    else:
        _show(run_stages(settings, where, console=console, until=until, title=name))


@app.command()
def sweep(
    config: Annotated[str, typer.Argument(help="A YAML file, or the name of a preset.")],
    root: RootOption = None,
    set_: Set = None,
    cluster: Cluster = None,
    dry_run: DryRun = False,
    strict: Strict = False,
) -> None:
    """Judge the generator ellipse over a grid of K, fact and law; what is missing runs before."""
    enabled = [*(set_ or ()), "sweep.enabled=true"]
    run(config, root, set_=enabled, cluster=cluster, dry_run=dry_run, strict=strict)


@app.command()
def synthesize(
    destination: Annotated[str, typer.Argument(help="Folder of the new CelebA tree.")],
    count: Annotated[int, typer.Option(min=1, help="Number of photographs.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Face i depends on the seed and i.")] = 0,
) -> None:
    """Draw synthetic faces of known factors, in the form of CelebA with all its annotations."""
    from cluster.console import console_for
    from pipeline.synthesize import synthesize as draw_tree

    with console_for(output).bar("draw", total=count, unit="faces") as advance:
        draw_tree(destination, count=count, seed=seed, on_progress=lambda done: advance(done, ""))
    output.print(f"{count:,} faces in {destination}")


@app.command()
def history(
    root: Root,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also fingerprint, seed, host and versions.")
    ] = False,
) -> None:
    """List the published versions of a store, newest first."""
    from cluster.tables import history_table
    from storage import open_store

    output.print(history_table(open_store(root).history(), verbose=verbose))


@app.command()
def rollback(
    root: Root,
    version: Annotated[str, typer.Argument(help="A version of zpoints history.")],
) -> None:
    """Make an older version the newest one again; the versions in between stay in the history."""
    from storage import open_repository, open_store

    open_store(root)  # there has to be one; opening for writing would make it
    made = open_repository(root).rollback(version)
    output.print(f"{made.id} is the newest version, with the content of {version}.")


@app.command()
def diff(
    root: Root,
    before: Annotated[
        str,
        typer.Argument(help="A version of zpoints history, a date, previous or latest."),
    ] = "previous",
    after: Annotated[str, typer.Argument(help="The same for the other one.")] = "latest",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare two versions: images, drift of mean and covariance, principal angles, quality."""
    from cluster.diff import diff_head, diff_json, diff_table
    from pipeline.compare.versions import chosen_version, compare

    found = compare(chosen_version(root, before), chosen_version(root, after))
    if as_json:
        print(diff_json(found))  # noqa: T201
        return
    for line in diff_head(found):
        output.print(line, soft_wrap=True)
    output.print(diff_table(found))


@app.command()
def verify(
    root: Root,
    sample: Annotated[
        float, typer.Option(metavar="PERCENT", help="Share of the chunks to read.")
    ] = 100.0,
    version: Annotated[str | None, typer.Option(help="A version of zpoints history.")] = None,
) -> None:
    """Read every chunk of a store and check that its parts belong together."""
    if not 0 < sample <= 100:
        raise typer.BadParameter(f"--sample {sample:g}: expected a percentage above 0, up to 100.")

    from cluster.console import console_for
    from cluster.verify import verify_store

    found = verify_store(root, sample=sample, version=version, console=console_for(output))
    for finding in found.findings:
        output.print(f"{finding.kind}: {finding.place}: {finding.message}", soft_wrap=True)
    output.print(found.summary, soft_wrap=True)
    if not found.ok:
        raise typer.Exit(DAMAGED)


@app.command()
def export(
    root: Root,
    group: Annotated[str, typer.Argument(help="Group of the store, e.g. latents.")],
    destination: Annotated[str, typer.Argument(help="The new folder.")],
    version: Annotated[str | None, typer.Option(help="A version of zpoints history.")] = None,
    form: Annotated[
        Literal["zarr", "png", "jpeg"],
        typer.Option("--as", help="Zarr, or the images as picture files."),
    ] = "zarr",
    sheets: Annotated[
        bool, typer.Option("--sheets", help="Pictures as contact sheets instead of a file each.")
    ] = False,
    columns: Annotated[int, typer.Option(min=1, help="Images across a sheet.")] = 20,
    rows: Annotated[int, typer.Option(min=1, help="Images down a sheet.")] = 20,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the folder of an earlier export.")
    ] = False,
) -> None:
    """Write a group of the store as plain Zarr, or its images as picture files."""
    from storage import open_store
    from storage.export import export_group

    if sheets and form == "zarr":
        raise typer.BadParameter("--sheets are pictures: add --as png or --as jpeg.")
    store = open_store(root, version=version)
    if form == "zarr":
        export_group(store, group, destination, overwrite=overwrite)
    else:
        from cluster.console import console_for
        from storage.pictures import export_images, export_sheets

        write = partial(export_sheets, columns=columns, rows=rows) if sheets else export_images
        sizes = store.group(group).sizes
        total = sizes.get("image", sizes.get("sample", 0))
        with console_for(output).bar("export", total=total, unit="images") as advance:
            write(
                store,
                group,
                destination,
                form=form,
                overwrite=overwrite,
                on_progress=lambda done: advance(done, ""),
            )
    output.print(f"{group} in {destination}")


@app.command()
def report(
    root: Root,
    folder: Annotated[
        str | None, typer.Option(help="Folder of the page; ROOT/report when left out.")
    ] = None,
    version: Annotated[str | None, typer.Option(help="A version of zpoints history.")] = None,
    set_: Set = None,
) -> None:
    """Write the report of a store again, e.g. of an older version, or with other settings."""
    from pipeline.config import override, validated
    from pipeline.report.place import page_of, report_place
    from pipeline.report.stage import report_mark, write
    from storage import open_store

    where = report_place(folder, root)
    store = open_store(root, version=version)
    last = report_mark(where)
    settings = validated({"report": last.get("report", {})}, origin=str(where))
    chosen = override(settings, set_ or ())
    title = last.get("title") or Path(root).resolve().name
    write(chosen.report, store, where, title=title)
    output.print(f"{page_of(where)}", soft_wrap=True)


@app.command()
def config(
    preset: Annotated[
        str | None, typer.Argument(help="A preset's name or a YAML file; the defaults if left out.")
    ] = None,
    set_: Set = None,
) -> None:
    """Print a configuration as YAML, every key with its meaning and range."""
    from pipeline.annotated import annotated_yaml
    from pipeline.config import RunConfig, load_config, override, preset_names

    settings = load_config(preset, set_ or ()) if preset else override(RunConfig(), set_ or ())
    print(f"# Presets: {', '.join(preset_names())}")  # noqa: T201
    print(annotated_yaml(settings), end="")  # noqa: T201


def _show(result: "RunResult") -> None:
    from cluster.summary import summary
    from cluster.tables import outcome_table

    output.print(outcome_table(result))
    for line in summary(result.store):
        output.print(line, soft_wrap=True)
    if result.page is not None:
        output.print(f"report: {result.page}", soft_wrap=True)
