"""ONNX files, where onnxruntime is installed."""

from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from zpoints.extras import installation
from zpoints.pipeline.errors import NetworkError

ArrayFunction = Callable[[np.ndarray], Any]
WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"
"""Option of ONNX Runtime: where it looks for weights that are not in the file."""
ERRORS = 3
"""Least severity of the lines that ONNX Runtime prints; its warnings are about the exporter."""


def onnx_function(data: bytes, name: str, device: torch.device) -> ArrayFunction:
    """The function of one array that an ONNX file computes, with one thread.

    A file that was exported for a fixed number of rows gets so many at once, the last ones padded
    with zeros.

    Parameters
    ----------
    data
        Content of the file.
    name
        Its name, for messages.
    device
        Where it runs; on a GPU if onnxruntime has its provider for CUDA.

    Raises
    ------
    NetworkError
        If onnxruntime is not installed, cannot read the file, or the file lacks its weights or has
        several inputs or outputs.
    """
    session = _session(data, name, device)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1:
        raise NetworkError(f"{name} takes {len(inputs)} inputs; expected one, images or vectors.")
    if len(outputs) != 1:
        names = ", ".join(output.name for output in outputs)
        raise NetworkError(
            f"{name} has {len(outputs)} outputs ({names}); expected one, the vectors (of a "
            "variational autoencoder their mean) or the images. Export it with this output alone."
        )
    source, rows = inputs[0].name, inputs[0].shape[0]

    def apply(x: np.ndarray) -> Any:
        return session.run(None, {source: x})[0]

    return in_rows(apply, rows) if isinstance(rows, int) else apply


def in_rows(function: ArrayFunction, rows: int) -> ArrayFunction:
    """A function of any number of rows from one that takes a fixed number of them.

    Examples
    --------
    >>> in_rows(lambda x: 2 * x, 2)(np.array([[1.0], [2.0], [3.0]])).ravel()
    array([2., 4., 6.])
    """

    def apply(x: np.ndarray) -> np.ndarray:
        padding = np.zeros((-len(x) % rows, *x.shape[1:]), dtype=x.dtype)
        padded = np.concatenate([x, padding])
        parts = [function(padded[start : start + rows]) for start in range(0, len(padded), rows)]
        return np.concatenate(parts)[: len(x)]

    return apply


def _session(data: bytes, name: str, device: torch.device) -> Any:
    try:
        import onnxruntime  # an extra
    except ImportError as error:
        raise NetworkError(
            f"{name} is an ONNX file, which needs onnxruntime; it is not installed. Install the "
            f"extra onnx ({installation('onnx')}), or export the network with "
            "torch.export.save (.pt2)."
        ) from error
    wanted = ["CUDAExecutionProvider"] if device.type == "cuda" else []
    providers = [p for p in wanted if p in onnxruntime.get_available_providers()]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # as many tasks as cores
    options.log_severity_level = ERRORS
    try:
        with TemporaryDirectory() as empty:  # the store holds this file only
            options.add_session_config_entry(WEIGHTS_FOLDER, empty)
            return onnxruntime.InferenceSession(
                data, options, providers=[*providers, "CPUExecutionProvider"]
            )
    except Exception as error:
        if "external data" in str(error).lower():
            raise NetworkError(
                f"{name} lacks its weights, which are in another file. Expected one file; export "
                "with torch.onnx.export(..., external_data=False), or join both with "
                "onnx.save(onnx.load('network.onnx'), 'joined.onnx')."
            ) from error
        raise NetworkError(
            f"{name} is not an ONNX file that onnxruntime reads: {error}. Export it again, or "
            "convert it to a version that onnxruntime supports."
        ) from error
