"""The command that imports vectors."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from zpoints.cluster.cli.options import (
    Cluster,
    DryRun,
    Json,
    Set,
    Until,
    check_json,
    check_stage,
    cluster_overrides,
    run_name,
)
from zpoints.pipeline.stage_order import STAGES
from zpoints.storage.backend.buckets.schemes import PLACES

if TYPE_CHECKING:
    from zpoints.pipeline.config.run import RunConfig

CUT = ("ingest.crop", "ingest.side", "ingest.channels")
"""Settings that are chosen from the photographs of vectors."""

app = typer.Typer()


@app.command("import")
def import_(
    vectors: Annotated[
        str,
        typer.Argument(
            help=".npy, .npz, Zarr, .parquet, a Hugging Face dataset on disk, or .h5ad."
        ),
    ],
    root: Annotated[str, typer.Option("--root", help=f"Store: {PLACES}.")],
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels", help="Table of labels and names: CSV, TSV, JSON Lines or parquet."
        ),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            "--images", help="Photographs of the vectors: whatever ingest.source may name."
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", help="Array, variable or columns (e.g. 'x*'), where there are more."),
    ] = None,
    until: Until = STAGES[-1],
    set_: Set = None,
    cluster: Cluster = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a store of vectors of another program, and run all they allow."""
    from zpoints.pipeline.config.existing import require_origin

    check_stage(until)
    check_json(as_json, dry_run)
    named = {
        "ingest.vectors": vectors,
        "ingest.vectors_key": key,
        "ingest.source": images,
        "source.labels": labels,
    }
    settings = _settings(named, [*(set_ or ()), *cluster_overrides(cluster)])
    require_origin(settings)

    from zpoints.cluster.cli.run_summary import print_plan, run_and_print

    if dry_run:
        print_plan(settings, root, title=run_name(vectors), until=until, as_json=as_json)
    else:
        run_and_print(settings, root, title=run_name(vectors), until=until)


def _settings(named: Mapping[str, str | None], more: Sequence[str]) -> "RunConfig":
    """The preset for vectors with the settings that options name, then with those of --set."""
    from zpoints.pipeline.config.run import load_config, set_values

    given = {name: value for name, value in named.items() if value is not None}
    cut = [f"choose=[{', '.join(CUT)}]"] if "ingest.source" in given else []
    return set_values(load_config("vectors"), given, [*cut, *more])
