"""The structure stage: latents and statistics in, the group `structure` out."""

import numpy as np

from zpoints.pipeline.stage_run import StageRun
from zpoints.pipeline.structure.config import StructureConfig

GROUP = "structure"


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
    if "attribute" in structure.coords:
        undefined = structure["attribute"].values[np.isnan(structure["probe_roc_auc"].values)]
        if len(undefined):
            run.console.line(
                f"No probe for {', '.join(undefined)}: the training and the test split must each "
                "have images with and without the attribute."
            )
    run.work.create(GROUP, structure)
    return latents.sizes["image"]
