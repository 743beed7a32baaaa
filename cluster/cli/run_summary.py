"""Prints what a run has done, with a summary of its results."""

import numpy as np

from zpoints.cluster.cli.options import output
from zpoints.cluster.cli.tables import outcome_table
from zpoints.cluster.run import RunResult
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.progress import counted
from zpoints.storage import Store


def print_result(result: RunResult) -> None:
    """Print the steps of a run, the summary of its store, and the place of the report."""
    output.print(outcome_table(result))
    for line in run_summary(result.store):
        output.print(line, soft_wrap=True)
    if result.page is not None:
        output.print(f"report: {result.page}", soft_wrap=True)


def run_summary(store: Store) -> list[str]:
    """The mean reconstruction error on the test split; no line without current test images.

    Examples
    --------
    ``test reconstruction: mean squared error 0.0033 over 2,000 images``
    """
    lines = []
    if store.is_current("latents") and "reconstruction_error" in (latents := store.latents):
        test = Labels(latents).in_split("test")
        if test.any():
            error = float(np.mean(latents["reconstruction_error"].values[test]))
            lines.append(
                f"test reconstruction: mean squared error {error:.4f} over "
                f"{counted(test.sum(), 'image')}"
            )
    return lines
