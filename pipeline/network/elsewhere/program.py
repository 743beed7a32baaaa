"""Programs of ``torch.export.save`` (.pt2), read without what runs code.

PyTorch's own reader unpickles, evaluates text with SymPy, looks up any attribute of `torch`, and
writes Python source from the names in the file; `docs/decisions/pipeline-network-own.md` lists
where. So a program is checked first, and refused if it holds more than tensors and calls of the
operators of ATen.
"""

import json
import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import torch
from torch import Tensor
from torch.export import ExportedProgram

from zpoints.pipeline.errors import NetworkError

MEMBERS = re.compile(
    r"data/weights/(weight_\d+|model_weights_config\.json)"
    r"|data/constants/(tensor_\d+|model_constants_config\.json)"
    r"|data/sample_inputs/model\.pt|models/model\.json"
    r"|archive_format|archive_version|byteorder|version|\.data/\w+|extra/.*"
)
"""Members of an archive that hold no compiled and no pickled code."""
PAYLOAD = re.compile(r"(weight|tensor)_\d+")
TARGET = re.compile(r"torch\.ops\.aten\.\w+\.\w+|_operator\.(getitem|add|sub|mul|floordiv|mod)")
PLAIN = re.compile(r"[\w.+\-]*", re.ASCII)
"""Names of tensors, layers, types and versions: neither calls nor quotes."""
SYMBOL = re.compile(r"Symbol\('\w+'(, \w+=(True|False))*\)", re.ASCII)
FORMULA = re.compile(r"([\d\s+\-/(),]|\*(?!\*)|\b(Mod|PythonMod|FloorDiv|CleanDiv|Max|Min)\b)*")
"""A size that depends on others, without its symbols; SymPy evaluates it."""
OPTIONS = frozenset({"", "none", "tanh", "same", "valid", "reflect", "replicate", "circular"})
OPTIONS |= {"constant", "floor", "trunc", "mean", "sum", "bilinear", "nearest", "ij", "xy"}
"""Arguments of operators that are text; a path is none of them."""
CONTAINERS = (None, "builtins.tuple", "builtins.list", "builtins.dict")
FREE_TEXT = ("metadata",)
"""Keys below which text is neither evaluated nor executed."""
EXPORT = "Save it with torch.export.save(torch.export.export(module, (images,)), path)."


def program_function(data: bytes, name: str, device: torch.device) -> Callable[[Tensor], Tensor]:
    """The function of one tensor that an exported program computes.

    A program that was exported for a fixed number of rows gets so many at once, the last ones
    padded with zeros.

    Parameters
    ----------
    data
        Content of the file.
    name
        Its name, for messages.
    device
        Where it runs.

    Raises
    ------
    NetworkError
        If it is not a program of `torch.export`, has another number of inputs than one, or holds
        more than tensors and operators of ATen.
    """
    program = load_program(data, name)
    rows = _rows(program, name)
    if device.type != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, device)
    module = program.module(check_guards=False)

    def apply(x: Tensor) -> Tensor:
        if rows is None:
            result: Tensor = module(x)
            return result
        parts = [module(_padded(part, rows))[: len(part)] for part in x.split(rows)]
        return torch.cat(parts)

    return apply


def load_program(data: bytes, name: str) -> ExportedProgram:
    """Check an exported program and load it.

    Raises
    ------
    NetworkError
        As `program_function`.
    """
    # Loads libraries that most runs do not need.
    try:
        from torch.export.pt2_archive._package import PT2ArchiveReader, load_pt2
    except ImportError as error:
        raise NetworkError(
            f"{name} needs torch 2.8 or newer to be read; this is torch {torch.__version__}. "
            "Install a newer one, or name the network as package.module:function."
        ) from error

    try:
        with PT2ArchiveReader(BytesIO(data)) as archive:
            members = archive.get_file_names()
            _require_members(members, name)
            for member in members:
                if member.endswith(".json"):
                    _require_plain(json.loads(archive.read_bytes(member)), name)
            inputs = archive.read_bytes("data/sample_inputs/model.pt")
        # PyTorch falls back to unpickling where this fails.
        torch.load(BytesIO(inputs), weights_only=True)
        program = load_pt2(BytesIO(data)).exported_programs["model"]
    except NetworkError:
        raise
    except Exception as error:
        first = (str(error).splitlines() or [""])[0][:200]
        raise NetworkError(
            f"{name} is not a program of torch.export that this torch ({torch.__version__}) reads: "
            f"{type(error).__name__}: {first}. {EXPORT}"
        ) from error
    program._guards_code = []  # Python source, which nothing here needs
    return program


def _require_members(members: list[str], name: str) -> None:
    for member in members:
        if not MEMBERS.fullmatch(member):
            raise _refused(name, f"the member {member!r}, which holds neither tensors nor a graph")
    if "models/model.json" not in members:
        raise _refused(name, "no models/model.json")


def _require_plain(value: Any, name: str, key: str = "") -> None:
    """Refuse text that PyTorch would evaluate, import by, or write into Python source."""
    if isinstance(value, dict):
        for inner, content in value.items():
            if not PLAIN.fullmatch(inner):
                raise _refused(name, f"the key {inner!r}")
            if inner == "use_pickle" and content is not False:
                raise _refused(name, "pickled tensors")
            if inner not in FREE_TEXT:
                _require_plain(content, name, inner)
    elif isinstance(value, list):
        if key == "guards_code":
            return
        for content in value:
            _require_plain(content, name, key)
    elif isinstance(value, str) and not _is_plain(key, value):
        raise _refused(name, f"the {key or 'text'} {value[:80]!r}")


def _is_plain(key: str, text: str) -> bool:
    if key in ("in_spec", "out_spec"):
        return _is_plain_spec(json.loads(text)[1])
    if key == "expr_str":
        return FORMULA.fullmatch(SYMBOL.sub("1", text)) is not None
    if key == "target":
        return TARGET.fullmatch(text) is not None
    if key == "as_string":
        return text in OPTIONS
    if key == "path_name":
        return PAYLOAD.fullmatch(text) is not None
    return PLAIN.fullmatch(text) is not None


def _is_plain_spec(spec: dict[str, Any]) -> bool:
    """Whether inputs or outputs are tuples, lists and dicts with plain keys."""
    context = str(spec["context"])
    plain = spec["type"] in CONTAINERS and re.fullmatch(r'None|null|\[[\w", ]*\]', context)
    return bool(plain) and "__" not in context and all(map(_is_plain_spec, spec["children_spec"]))


def _refused(name: str, found: str) -> NetworkError:
    return NetworkError(
        f"{name} is refused: it has {found}. zpoints reads exported programs that hold only "
        "tensors and operators of ATen, since anything else can run code. Export the network "
        "without custom operators, objects and guards, or name it as package.module:Class."
    )


def _rows(program: ExportedProgram, name: str) -> int | None:
    """Number of rows that a program was exported for; None if any number will do."""
    inputs = set(program.graph_signature.user_inputs)
    shapes = [n.meta["val"].shape for n in program.graph.nodes if n.name in inputs]
    if len(shapes) != 1:
        raise NetworkError(
            f"{name} takes {len(shapes)} inputs; expected one tensor, images or vectors. {EXPORT}"
        )
    first = shapes[0][0]
    return first if isinstance(first, int) else None


def _padded(part: Tensor, rows: int) -> Tensor:
    if len(part) == rows:
        return part.contiguous()
    return torch.cat([part, part.new_zeros(rows - len(part), *part.shape[1:])])
