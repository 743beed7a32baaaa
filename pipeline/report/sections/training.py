"""Section on the training: loss curves, reconstructions of held-out images."""

from markupsafe import Markup

from zpoints.pipeline.figures.image_grids import reconstructions
from zpoints.pipeline.figures.training_curves import loss
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry

LOSS = Markup(
    "Mean loss per image of the training and the validation images after each epoch, and the "
    "learning rate at its end. A validation curve that rises while the training curve falls means "
    "overfitting."
)
RECONSTRUCTIONS = Markup(
    "The first {count} images{of_split}, not selected, each above its reconstruction. The mean "
    "squared error of all images{of_split} is {error:.5f} (pixel values from 0 to 1)."
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
        "Originals and reconstructions",
        RECONSTRUCTIONS.format(
            count=len(data.originals), of_split=of_split, error=data.reconstruction_error
        ),
        lambda: reconstructions(data.originals, data.reconstructions),
        "Rows of photographs, each above its reconstruction by the autoencoder.",
    )
    if "loss" not in model:
        return [shown]
    curves = Entry(
        "loss",
        "Loss curves",
        LOSS,
        lambda: loss(model),
        "Training and validation loss against the epoch, and the learning rate.",
    )
    return [curves, shown]
