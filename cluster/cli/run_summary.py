"""Runs a configuration for the command line, or describes what it would run; what follows it."""

import json
import shlex
from collections.abc import Iterable

import numpy as np

from zpoints.cluster.cli.options import errors, output
from zpoints.cluster.cli.tables import plan_facts, plan_table
from zpoints.cluster.run import RunResult, run
from zpoints.cluster.run_plan import dry_run
from zpoints.cluster.terminal import console_for
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.evaluate.recommendation import BOTH, recommend
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.plan import Planned
from zpoints.pipeline.progress import counted, spent
from zpoints.pipeline.report.destination import link_of
from zpoints.storage import Store
from zpoints.storage.text import printed


def run_and_print(config: RunConfig, root: str, *, title: str, until: str) -> None:
    """Run a configuration and print its result.

    Parameters
    ----------
    config
        What to compute.
    root
        Root of the store.
    title
        Heading of the report.
    until
        Last stage.
    """
    print_result(run(config, root, console=console_for(output), title=title, until=until))


def print_plan(
    config: RunConfig, root: str, *, title: str, until: str, as_json: bool = False
) -> None:
    """Print what a run would make, and why; as JSON, the remarks go to standard error.

    Parameters
    ----------
    config
        What to compute.
    root
        Root of the store.
    title
        Heading of the report.
    until
        Last stage.
    as_json
        Whether to print JSON (``tables.plan_facts``).
    """
    console = console_for(errors if as_json else output, timed=False)
    planned = dry_run(config, root, console=console, title=title, until=until)
    if as_json:
        print(json.dumps(plan_facts(root, planned), indent=2))  # noqa: T201
        return
    _print_planned(planned)


def _print_planned(planned: list[Planned]) -> None:
    made = sum(bool(item.reason) for item in planned)
    current = len(planned) - made
    if not made:
        output.print(f"All {counted(current, 'result')} are up to date.")
        return
    output.print(f"{made} to run" + (f", {current} up to date:" if current else ":"))
    output.print(plan_table(planned))
    output.print(
        "Nothing has been changed. The same command without --dry-run runs it.", soft_wrap=True
    )


def print_result(result: RunResult) -> None:
    """Print what a run has made, the summary of its store, its report, and what to do next."""
    made = sum(outcome.seconds is not None for outcome in result.outcomes)
    current = len(result.outcomes) - made
    if made:
        before = f", {current} up to date" if current else ""
        done = f"Done in {spent(result.seconds)}: {counted(made, 'result')} made{before}."
        output.print(done, soft_wrap=True)
    for line in run_summary(result.store):
        output.print(line, soft_wrap=True)
    if result.page is not None:
        output.print(f"Report: {link_of(result.page)}", soft_wrap=True)
    output.print(f"Next:   {next_command(result)}", soft_wrap=True)


def next_command(result: RunResult) -> str:
    """The command to try after a run: the explorer once there are vectors to see.

    Examples
    --------
    ``zpoints explore runs/demo``
    """
    store = result.store
    command = "explore" if store.is_current("statistics") else "history"
    return shlex.join(["zpoints", command, printed(store.root)])


def run_summary(store: Store) -> list[str]:
    """How well the network reconstructs, and which generator to use, as far as it is known.

    Examples
    --------
    ``Reconstruction: mean squared error 0.0033 over 2,000 test images.``
    ``Generator: radial_mixture is the best of both, clean and diverse (merit 0.91).``
    """
    return [*_reconstruction(store), *_generator(store)]


def _reconstruction(store: Store) -> Iterable[str]:
    if store.is_current("latents") and "reconstruction_error" in (latents := store.latents):
        test = Labels(latents).in_split("test")
        if test.any():
            error = float(np.mean(latents["reconstruction_error"].values[test]))
            images = counted(test.sum(), "test image")
            yield f"Reconstruction: mean squared error {error:.4f} over {images}."


def _generator(store: Store) -> Iterable[str]:
    names = [name for name in store.quality_names if store.is_current(f"quality/{name}")]
    if "real" in names:
        for chosen in recommend({name: store.quality(name) for name in names}):
            if chosen.purpose == BOTH:
                yield f"Generator: {chosen.name}, clean and diverse at once ({chosen.reason})."
