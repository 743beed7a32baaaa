"""Section on the training: loss curves, reconstructions of held-out images."""

import numpy as np
import xarray as xr
from markupsafe import Markup

from zpoints.pipeline.figures.image_grids import reconstructions
from zpoints.pipeline.figures.training_curves import loss
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry

LOSS = Markup(
    "Mean loss per image of the training and the validation images after each epoch, and the "
    "learning rate at its end. A validation curve that rises while the training curve falls means "
    "overfitting.{lowest}"
)
LOWEST_LAST = " It is lowest after the last epoch: more epochs may lower it further."
LOWEST_BEFORE = " It is lowest after epoch {epoch} of {epochs}: those after it gained nothing."
RECONSTRUCTIONS = Markup(
    "The first {count} images{of_split}, not selected, each above its reconstruction. The mean "
    "squared error of all images{of_split} is {error:.5f} (pixel values from 0 to 1).{explained}"
)
EXPLAINED = (
    " That of their mean image is {mean:.5f}: the network keeps {share:.0%} of the variance of "
    "their pixels."
)


def entries(data: ReportData) -> list[Entry]:
    """Reconstructions of held-out images, and the loss curves of a network that was trained here.

    Empty without a network.
    """
    if (model := data.model) is None:
        return []
    of_split = "" if data.held_out == "all" else f" of the {data.held_out} split"
    shown = Entry(
        "reconstructions",
        "Reconstructions",
        RECONSTRUCTIONS.format(
            count=len(data.originals),
            of_split=of_split,
            error=data.reconstruction_error,
            explained=_explained(data),
        ),
        lambda: reconstructions(data.originals, data.reconstructions),
        "Rows of photographs, each above its reconstruction by the autoencoder.",
    )
    if "loss" not in model:
        return [shown]
    curves = Entry(
        "loss",
        "Loss curves",
        LOSS.format(lowest=_lowest(model)),
        lambda: loss(model),
        "Training and validation loss against the epoch, and the learning rate.",
    )
    return [curves, shown]


def _explained(data: ReportData) -> str:
    """The share of the variance of pixels that reconstructions keep; empty for equal images."""
    if not np.isfinite(data.explained):
        return ""
    return EXPLAINED.format(mean=data.mean_image_error, share=max(data.explained, 0.0))


def _lowest(model: xr.Dataset) -> str:
    """The epoch with the lowest validation loss; empty without validation."""
    losses = model["validation_loss"].values if "validation_loss" in model else np.empty(0)
    if not np.isfinite(losses).any():
        return ""
    epoch = int(np.nanargmin(losses)) + 1
    text = LOWEST_LAST if epoch == len(losses) else LOWEST_BEFORE
    return text.format(epoch=epoch, epochs=len(losses))
