"""ONNX files: what they compute, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from zpoints.pipeline.errors import NetworkError
from zpoints.pipeline.network.elsewhere.network import ElsewhereNetwork, bring
from zpoints.pipeline.network.elsewhere.onnx import onnx_function
from zpoints.pipeline.network.stored import ElsewhereArchitecture

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

CPU = torch.device("cpu")
SIDE, Z_DIM = 4, 5
PIXELS = SIDE**2
WEIGHT = np.random.default_rng(0).normal(size=(PIXELS, Z_DIM)).astype(np.float32)
Rows = int | str


def model(
    rows: Rows = "rows", outputs: int = 1, dtype: int = TensorProto.FLOAT, inputs: int = 1
) -> Any:
    """An encoder: images (rows, 1, SIDE, SIDE), flattened, times `WEIGHT`."""
    shape = [rows, 1, SIDE, SIDE]
    images = [helper.make_tensor_value_info(f"x{k}", dtype, shape) for k in range(inputs)]
    vectors = [helper.make_tensor_value_info(f"z{k}", dtype, [rows, Z_DIM]) for k in range(outputs)]
    nodes = [helper.make_node("Flatten", ["x0"], ["flat"])]
    nodes += [helper.make_node("MatMul", ["flat", "weight"], [f"z{k}"]) for k in range(outputs)]
    weight = WEIGHT.astype(helper.tensor_dtype_to_np_dtype(dtype))
    weights = [numpy_helper.from_array(weight, "weight")]
    graph = helper.make_graph(nodes, "encoder", images, vectors, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@pytest.mark.parametrize("rows", ["rows", 3])
@pytest.mark.parametrize("count", [1, 3, 8])
def test_onnx_function__computes_any_number_of_rows(rows: Rows, count: int) -> None:
    x = np.random.default_rng(1).random((count, 1, SIDE, SIDE), np.float32)

    found = onnx_function(model(rows).SerializeToString(), "encoder.onnx", CPU)(x)

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, x.reshape(count, PIXELS) @ WEIGHT, atol=1e-6)


def separate(folder: Path, location: str = "encoder.onnx.data") -> bytes:
    """An encoder whose weight is in another file."""
    encoder = model()
    onnx.save(
        encoder,
        folder / "encoder.onnx",
        save_as_external_data=True,
        location="encoder.onnx.data",
        size_threshold=0,
    )
    saved = onnx.load(folder / "encoder.onnx", load_external_data=False)
    entry = next(e for e in saved.graph.initializer[0].external_data if e.key == "location")
    entry.value = location
    return saved.SerializeToString()


@pytest.mark.parametrize("location", ["encoder.onnx.data", "{folder}/encoder.onnx.data", "../x"])
def test_onnx_function__weights_in_another_file_are_refused(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = separate(tmp_path, location.format(folder=tmp_path))
    monkeypatch.chdir(tmp_path)  # where ONNX Runtime would look for them

    with pytest.raises(NetworkError, match=r"lacks its weights, .* external_data=False"):
        onnx_function(data, "encoder.onnx", CPU)


WRONG: dict[str, tuple[Callable[[], bytes], str]] = {
    "something else": (lambda: b"nothing", "is not an ONNX file that onnxruntime reads"),
    "two inputs": (lambda: model(inputs=2).SerializeToString(), "takes 2 inputs; expected one"),
    "two outputs": (lambda: model(outputs=2).SerializeToString(), r"2 outputs \(z0, z1\)"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_onnx_function__what_does_not_fit_is_refused(fault: str) -> None:
    make, message = WRONG[fault]

    with pytest.raises(NetworkError, match=message):
        onnx_function(make(), "encoder.onnx", CPU)


@pytest.mark.parametrize(
    ("encoder", "side", "message"),
    [
        (model(), 8, r"fails on a batch of shape \(2, 1, 8, 8\), float32"),
        (model(dtype=TensorProto.DOUBLE), SIDE, "float32: InvalidArgument: .*double"),
    ],
)
def test_check__names_the_file_whose_network_fails(
    encoder: Any, side: int, message: str, tmp_path: Path
) -> None:
    onnx.save(encoder, tmp_path / "encoder.onnx")
    brought = bring(str(tmp_path / "encoder.onnx"), "encode.network")
    architecture = ElsewhereArchitecture(
        encode=brought.part, decode=brought.part, side=side, channels=1, z_dim=Z_DIM
    )
    network = ElsewhereNetwork(architecture, dict.fromkeys(architecture.parts, brought.data), CPU)

    with pytest.raises(NetworkError, match=message) as raised:
        network.check()

    assert "encode.network (encoder.onnx)" in str(raised.value)
