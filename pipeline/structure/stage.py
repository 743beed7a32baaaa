"""The structure stage: latents and statistics in, the group `structure` out."""

import numpy as np

from zpoints.pipeline.stage_run import StageRun
from zpoints.pipeline.structure.config import StructureConfig

GROUP = "structure"
SCORES = (
    ("attribute", "probe_roc_auc", "with and without the attribute"),
    ("categorical", "class_balanced_accuracy", "of two classes"),
    ("numeric", "numeric_r2", "with two values"),
)
"""Kinds of probes: the dim of their labels, a score, and what it needs of each split."""
LABELS_SHOWN = 5
"""Labels that a line about missing probes names."""


def find_structure(run: StageRun[StructureConfig]) -> int:
    """Describe how the labels structure the vectors of ``latents``; returns their number."""
    # Imported on use: dask-ml takes two seconds.
    from zpoints.pipeline.structure.structure_dataset import describe_structure

    latents, percent = run.store.latents, 100
    with run.console.bar("structure", total=percent, unit="%") as advance:
        structure = describe_structure(
            latents,
            run.store.statistics,
            run.settings,
            on_progress=lambda share, note: advance(int(share * percent), note),
        )
    for dim, score, need in SCORES:
        if score not in structure:
            continue
        undefined = structure[dim].values[np.isnan(structure[score].values)]
        if len(undefined):
            more = len(undefined) - LABELS_SHOWN
            names = ", ".join(undefined[:LABELS_SHOWN]) + (f" and {more} more" if more > 0 else "")
            run.console.line(
                f"No probe for {names}: the training and the test split must each "
                f"have vectors {need}."
            )
    run.work.create(GROUP, structure)
    return latents.sizes["image"]
