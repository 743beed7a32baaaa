"""The ``model`` group of a store: the trained network, its loss curves and its settings."""

from typing import Any

import numpy as np
import torch
import xarray as xr

from zpoints.pipeline.network.forward import TrainedNetwork
from zpoints.pipeline.network.weights import weights_dataset
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.loss import autocasts
from zpoints.pipeline.train.state import Curves


def model_dataset(model: TrainedNetwork, curves: Curves) -> xr.Dataset:
    """Pack a trained network and its curves into a ``model`` group.

    Returns
    -------
    xarray.Dataset
        What `weights_dataset` returns, and ``loss``, ``validation_loss``, ``learning_rate`` float64
        (epoch).
    """
    return weights_dataset(model).assign(
        loss=("epoch", np.array(curves.loss)),
        validation_loss=("epoch", np.array(curves.validation_loss)),
        learning_rate=("epoch", np.array(curves.learning_rate)),
        epoch=np.arange(1, len(curves.loss) + 1),
    )


def training_attrs(config: TrainConfig, device: torch.device) -> dict[str, Any]:
    """Attributes that record how a network was trained; ``auto`` precision and device resolved.

    Logs change nothing about a network, and the path of their folder is its owner's alone.
    """
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    precision = "bfloat16" if autocasts(config, device) else "float32"
    settings = config.model_dump(mode="json", exclude={"log", "log_folder"})
    return {"training": {**settings, "precision": precision}, "device": name}
