"""Exported programs: what they compute, and that a file that runs code is refused."""

import io
import json
import pickle
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from zpoints.pipeline.errors import NetworkError
from zpoints.pipeline.network.elsewhere.onnx import onnx_function
from zpoints.pipeline.network.elsewhere.program import load_program, program_function

CPU = torch.device("cpu")
GRAPH = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"
OPAQUE = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}
INPUTS = "data/sample_inputs/model.pt"


class Small(nn.Module):
    """Layers of several kinds, with a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 3, padding="same", padding_mode="reflect")
        self.norm = nn.BatchNorm2d(4)
        self.linear = nn.Linear(4 * 8 * 8, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = nn.functional.gelu(self.norm(self.convolution(x)), approximate="tanh")
        half = nn.functional.interpolate(features, scale_factor=0.5, mode="bilinear")
        return self.linear(half.reshape(x.shape[0], -1))


def exported(module: nn.Module, dynamic: bool = True) -> bytes:
    shapes = ({0: torch.export.Dim("rows")},) if dynamic else None
    program = torch.export.export(module, (torch.zeros(2, 1, 16, 16),), dynamic_shapes=shapes)
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def module() -> nn.Module:
    torch.manual_seed(0)
    return Small().eval()


@pytest.fixture(scope="module")
def data(module: nn.Module) -> bytes:
    return exported(module)


@pytest.mark.parametrize("rows", [1, 5])
@pytest.mark.parametrize("dynamic", [True, False])
def test_program_function__computes_any_number_of_rows(
    rows: int, dynamic: bool, module: nn.Module, data: bytes
) -> None:
    content = data if dynamic else exported(module, dynamic=False)
    x = torch.rand(rows, 1, 16, 16)

    with torch.no_grad():
        found = program_function(content, "small.pt2", CPU)(x)
        torch.testing.assert_close(found, module(x))


class Marker:
    """Leaves a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (str(self.path), "w")


def changed(data: bytes, changes: dict[str, bytes]) -> bytes:
    """The archive with other or further members."""
    reader = torch._C.PyTorchFileReader(io.BytesIO(data))
    members = {n: reader.get_record(n) for n in reader.get_all_records()}
    members = {n: content for n, content in members.items() if not n.startswith(".data/")}
    members.pop("version", None)
    buffer = io.BytesIO()
    writer = torch._C.PyTorchFileWriter(buffer)
    for name, content in {**members, **changes}.items():
        writer.write_record(name, content, len(content))
    writer.write_end_of_file()
    return buffer.getvalue()


def edited(data: bytes, member: str, edit: Callable[[Any], Any]) -> bytes:
    """The archive with a changed JSON member."""
    content = json.loads(torch._C.PyTorchFileReader(io.BytesIO(data)).get_record(member))
    edit(content)
    return changed(data, {member: json.dumps(content).encode()})


def graph_of(content: Any) -> Any:
    return content["graph_module"]["graph"]


def call(content: Any, target: str, argument: dict[str, Any]) -> None:
    node = graph_of(content)["nodes"][0]
    node["target"], node["inputs"] = target, [{"name": "command", "arg": argument, "kind": 1}]


def rename_input(content: Any, code: str) -> None:
    text = json.dumps(content).replace('"x"', json.dumps(code))
    content.clear()
    content.update(json.loads(text))


def set_size(content: Any, text: str) -> None:
    graph_of(content)["tensor_values"]["x"]["sizes"][0]["as_expr"]["expr_str"] = text


def set_spec(content: Any, spec: dict[str, Any]) -> None:
    signature = content["graph_module"]["module_call_graph"][0]["signature"]
    signature["in_spec"] = json.dumps([1, spec])


def pickled_weight(content: Any) -> None:
    next(iter(content["config"].values()))["use_pickle"] = True


def old_format(data: bytes, marker: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("version", "8.20")
        archive.writestr("serialized_exported_program.json", "{}")
        archive.writestr("serialized_example_inputs.pt", pickle.dumps(Marker(marker)))
    return buffer.getvalue()


def saved(value: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


DEFAULTDICT = {"default_factory_module": "antigravity", "default_factory_name": "fly"}
ATTACKS: dict[str, tuple[Callable[[bytes, Path], bytes], str]] = {
    "inputs that are unpickled": (
        lambda data, marker: changed(data, {INPUTS: saved((Marker(marker),))}),
        "Weights only load failed",
    ),
    "a pickled weight": (
        lambda data, marker: changed(
            edited(data, WEIGHTS, pickled_weight), {"data/weights/weight_0": saved(Marker(marker))}
        ),
        "pickled tensors",
    ),
    "a pickled object": (
        lambda data, marker: changed(
            edited(data, CONSTANTS, lambda c: c["config"].update(object=OPAQUE)),
            {"data/constants/opaque_obj_0": pickle.dumps(Marker(marker))},
        ),
        "opaque_obj_0",
    ),
    "compiled code": (
        lambda data, marker: changed(data, {"data/aotinductor/model/model.so": b"code"}),
        "aotinductor",
    ),
    "the format of torch 2.7": (old_format, "is not a program"),
    "a size that SymPy evaluates": (
        lambda data, marker: edited(
            data,
            GRAPH,
            lambda g: set_size(g, f"__import__('pathlib').Path({str(marker)!r}).touch()"),
        ),
        "expr_str",
    ),
    "a function outside of ATen": (
        lambda data, marker: edited(
            data, GRAPH, lambda g: call(g, "torch.os.system", {"as_string": f"touch {marker}"})
        ),
        "the target 'torch.os.system'",
    ),
    "an operator that opens a file": (
        lambda data, marker: edited(
            data,
            GRAPH,
            lambda g: call(g, "torch.ops.aten.from_file.default", {"as_string": str(marker)}),
        ),
        "as_string",
    ),
    "Python source in a name": (
        lambda data, marker: edited(
            data, GRAPH, lambda g: rename_input(g, f"x=open({str(marker)!r}, 'w')")
        ),
        "it has the",
    ),
    "a module to import": (
        lambda data, marker: edited(
            data,
            GRAPH,
            lambda g: set_spec(
                g,
                {
                    "type": "collections.defaultdict",
                    "context": json.dumps({**DEFAULTDICT, "dict_context": []}),
                    "children_spec": [],
                },
            ),
        ),
        "in_spec",
    ),
    "text": (lambda data, marker: b"not a program", "is not a program"),
    "a truncated file": (lambda data, marker: data[: len(data) // 2], "is not a program"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_load_program__refuses_what_runs_code(attack: str, data: bytes, tmp_path: Path) -> None:
    make, message = ATTACKS[attack]
    marker = tmp_path / "code_ran"

    with pytest.raises(NetworkError, match=message):
        load_program(make(data, marker), "small.pt2")
    assert not marker.exists()


def test_changed__without_a_change_still_loads(data: bytes) -> None:
    load_program(edited(changed(data, {}), GRAPH, lambda graph: None), "small.pt2")


def test_onnx_function__names_the_extra_where_onnxruntime_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as if it were not installed

    with pytest.raises(NetworkError, match=r"pip install '\.\[onnx\]' in a clone"):
        onnx_function(b"", "encoder.onnx", CPU)
