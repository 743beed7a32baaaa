"""Commands for a store: versions, verification, export and report."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from zpoints.cluster.cli.exit_codes import DAMAGED
from zpoints.cluster.cli.options import (
    VERSION,
    Json,
    Root,
    Set,
    Version,
    errors,
    output,
    report_overrides,
)
from zpoints.cluster.cli.shell.completion import complete_form, complete_group
from zpoints.cluster.terminal import console_for
from zpoints.storage.backend.buckets.schemes import PLACES

if TYPE_CHECKING:
    import xarray as xr

app = typer.Typer()
WHOLE = 100


@app.command()
def history(
    root: Root,
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", help="Id of a run, or its beginning or end: list its versions."
        ),
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", "-a", help="One row per version, not per run.")
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="The same, with fingerprint, seed, host and libraries."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """List the runs that have made a store, newest first."""
    from zpoints.cluster.cli.tables import history_facts, history_table, runs_table
    from zpoints.storage import open_store
    from zpoints.storage.run_history import chosen_run, runs_of

    store = open_store(root)
    runs = runs_of(store.history())
    if run is not None:
        runs = [chosen_run(runs, run, root)]
    if as_json:
        print(json.dumps(history_facts(store.root, runs), indent=2))  # noqa: T201
    elif run is not None or all_ or verbose:
        versions = [version for entry in runs for version in entry.versions]
        output.print(history_table(versions, verbose=verbose))
    else:
        output.print(runs_table(runs))


@app.command()
def rollback(
    root: Root,
    version: Annotated[str, typer.Argument(help=f"Version: {VERSION}.")],
) -> None:
    """Publish an older version again.

    The versions in between stay in the history.
    """
    from zpoints.storage import open_repository, open_store

    open_store(root)  # it has to exist; opening for writing would create it
    made = open_repository(root).rollback(version)
    output.print(f"{made.id} is the latest version, with the content of {made.metadata['to']}.")


@app.command()
def diff(
    root: Root,
    before: Annotated[
        str,
        typer.Argument(
            help=f"Version: {VERSION}. Here, previous is the newest with other statistics."
        ),
    ] = "previous",
    after: Annotated[str, typer.Argument(help="Version, written alike.")] = "latest",
    as_json: Json = False,
) -> None:
    """Compare two versions: images, drift of the latents, and quality."""
    from zpoints.cluster.cli.diff import diff_head, diff_json, diff_table
    from zpoints.pipeline.compare.versions import chosen_version, compare

    found = compare(chosen_version(root, before), chosen_version(root, after))
    if as_json:
        print(diff_json(found))  # noqa: T201
        return
    for line in diff_head(found):
        output.print(line, soft_wrap=True)
    output.print(diff_table(found))


@app.command()
def compare(
    root_a: Annotated[str, typer.Argument(help=f"Store: {PLACES}.")],
    root_b: Annotated[str, typer.Argument(help="The other store.")],
    folder: Annotated[
        str | None,
        typer.Option(
            "--output",
            metavar="FOLDER",
            help="Folder of the page. Default: comparisons/NAME_A-NAME_B-HASH.",
        ),
    ] = None,
    version_a: Annotated[
        str | None, typer.Option(help=f"Version of the first: {VERSION}. Default: latest.")
    ] = None,
    version_b: Annotated[
        str | None, typer.Option(help="Version of the other, written alike.")
    ] = None,
) -> None:
    """Write one page of two stores side by side, e.g. of two networks."""
    from zpoints.pipeline.latent_space.stored import open as open_latents
    from zpoints.pipeline.report.comparison.write import comparison_destination, write_comparison
    from zpoints.pipeline.report.destination import page_of

    a, b = open_latents(root_a, version=version_a), open_latents(root_b, version=version_b)
    where = comparison_destination(folder, (a.root, b.root), (version_a, version_b))
    for remark in write_comparison(a, b, where, console=console_for(output)):
        output.print(remark, soft_wrap=True, markup=False)
    output.print(f"{page_of(where)}", soft_wrap=True)


@app.command()
def verify(
    root: Root,
    sample: Annotated[
        float, typer.Option(metavar="PERCENT", help="Percentage of the chunks to read.")
    ] = 100.0,
    version: Version = None,
    as_json: Json = False,
) -> None:
    """Verify a store: read its chunks and compare its groups."""
    if not 0 < sample <= 100:
        raise typer.BadParameter(
            f"--sample is {sample:g}; expected a percentage above 0, up to 100."
        )

    from zpoints.cluster.cli.verify_store import verify_store

    console = console_for(errors if as_json else output, timed=False)
    found = verify_store(root, sample=sample, version=version, console=console)
    if as_json:
        print(json.dumps(found.facts, indent=2))  # noqa: T201
    else:
        for line in found.lines:
            output.print(line, soft_wrap=True)
    if not found.ok:
        raise typer.Exit(DAMAGED)


@app.command()
def export(
    root: Root,
    group: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_group, help="Group, e.g. latents or samples/ellipse."
        ),
    ],
    destination: Annotated[str, typer.Argument(help="New local folder.")],
    version: Version = None,
    form: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="FORM",
            autocompletion=complete_form,
            help="zarr; parquet or csv: tables; npy: NumPy arrays; png or jpeg: picture files.",
        ),
    ] = "zarr",
    sheets: Annotated[
        bool, typer.Option("--sheets", help="Write contact sheets, not a file per image.")
    ] = False,
    columns: Annotated[
        int | None, typer.Option(min=1, help="Images across a sheet. Default: 20.")
    ] = None,
    rows: Annotated[
        int | None, typer.Option(min=1, help="Images down a sheet. Default: 20.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the folder of an earlier export.")
    ] = False,
) -> None:
    """Write a group as plain Zarr, tables, arrays, or picture files."""
    from zpoints.storage import open_store
    from zpoints.storage.export.forms import ExportForm, export

    sheet = _sheet(sheets, {"columns": columns, "rows": rows}, form)
    store = open_store(root, version=version)
    with console_for(output).bar("export", total=WHOLE, unit="%") as advance:
        export(
            store,
            group,
            destination,
            form=cast(ExportForm, form),  # which refuses any other
            overwrite=overwrite,
            sheet=sheet,
            on_progress=lambda done, total: advance(WHOLE * done // max(1, total), f"{done:,}"),
        )
    output.print(f"{group} in {destination}")
    if form in ("parquet", "csv"):
        _print_left_out(store.group(group))


def _sheet(sheets: bool, given: Mapping[str, int | None], form: str) -> dict[str, int] | None:
    """Columns and rows of contact sheets; None without `--sheets`."""
    from zpoints.storage.export.forms import PICTURES

    if sheets and form not in PICTURES:
        raise typer.BadParameter("--sheets needs a picture format; add --as png or --as jpeg.")
    sheet = {name: number for name, number in given.items() if number is not None}
    if sheet and not sheets:
        raise typer.BadParameter(
            f"--{next(iter(sheet))} applies to contact sheets only; add --sheets."
        )
    return sheet if sheets else None


def _print_left_out(group: "xr.Dataset") -> None:
    from zpoints.storage.export.tables import left_out_of_tables

    if left_out := left_out_of_tables(group):
        output.print(
            f"Left out of the tables, having more than two dimensions: {', '.join(left_out)}. "
            "--as npy or --as zarr exports them.",
            soft_wrap=True,
        )


@app.command()
def report(
    root: Root,
    folder: Annotated[
        str | None, typer.Option(help="Folder of the page. Default: ROOT/report.")
    ] = None,
    version: Version = None,
    set_: Set = None,
) -> None:
    """Write the report again, e.g. of an older version."""
    from zpoints.pipeline.config.run import override, validated
    from zpoints.pipeline.report.destination import MARK, page_of, report_destination
    from zpoints.pipeline.report.mark import report_mark
    from zpoints.pipeline.report.stage import write
    from zpoints.storage import open_store

    changes = report_overrides(set_)
    named = override(validated({}, origin="--set"), changes).report.folder
    where = report_destination(folder if folder is not None else named, root)
    store = open_store(root, version=version)
    last = report_mark(where)
    settings = validated({"report": last.get("report", {})}, origin=f"{where}/{MARK}")
    chosen = override(settings, changes)
    title = last.get("title") or Path(root).resolve().name
    write(chosen.report, store, where, title=title, console=console_for(output))
    output.print(f"{page_of(where)}", soft_wrap=True)
