"""Commands that look at a store, and at this installation."""

import json
from typing import Annotated

import typer

from zpoints.cluster.cli.exit_codes import FAILED
from zpoints.cluster.cli.options import Cluster, Root, Version, cluster_overrides, output
from zpoints.storage.backend.buckets.schemes import PLACES

app = typer.Typer()


@app.command()
def info(
    root: Root,
    version: Version = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON.")] = False,
) -> None:
    """Show what a store holds, and what to do next."""
    from zpoints.cluster.cli.checkup.info import info_lines, store_info
    from zpoints.pipeline.latent_space.stored import open as open_latents

    found = store_info(open_latents(root, version=version))
    if as_json:
        print(json.dumps(found.as_json(), indent=2))  # noqa: T201
        return
    for line in info_lines(found):
        output.print(line, soft_wrap=True)


@app.command()
def doctor(
    root: Annotated[
        str | None,
        typer.Argument(help=f"Store to check: {PLACES}. Default: none."),
    ] = None,
    cluster: Cluster = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON.")] = False,
) -> None:
    """Check this installation, a store and a cluster, and name repairs.

    Exit codes: 0 all is well or only warned of, 1 a check failed.
    """
    from zpoints.cluster.cli.checkup.doctor import checks

    config = None
    if cluster:
        from zpoints.pipeline.config.run import RunConfig, override

        config = override(RunConfig(), cluster_overrides(cluster)).cluster
    failed, shown = False, []
    for check in checks(root, config):
        failed |= check.state == "fail"
        shown.append(check.as_json())
        if not as_json:
            for line in check.lines():
                output.print(line, soft_wrap=True)
    if as_json:
        print(json.dumps(shown, indent=2))  # noqa: T201
    if failed:
        raise typer.Exit(FAILED)
