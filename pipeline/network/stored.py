"""What the attribute ``architecture`` of a ``model`` group describes; read as data, not trusted."""

from typing import Literal

import xarray as xr
from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from zpoints.pipeline.network.architecture import Architecture
from zpoints.pipeline.parts.code import CodeName
from zpoints.pipeline.settings import Settings
from zpoints.storage.errors import StoreError
from zpoints.storage.schema.attributes import nested

Sha256 = str
_HEX = r"^[0-9a-f]{64}$"


class _Shape(Settings):
    """Sizes that every network has.

    Attributes
    ----------
    side
        Side of an image in pixels.
    channels
        3 for colour, 1 for grey.
    z_dim
        Components of a latent vector.
    """

    side: int = Field(ge=1, le=4096)
    channels: Literal[1, 3]
    z_dim: int = Field(ge=2, le=65536)


class OwnArchitecture(_Shape):
    """A network of the user's own class.

    Attributes
    ----------
    network
        ``package.module:Class``.
    options
        Keyword arguments of the class.
    source
        SHA-256 of the class's source file.
    """

    network: CodeName
    options: dict[str, JsonValue] = Field(default_factory=dict)
    source: Sha256 = Field(pattern=_HEX)


class Part(Settings):
    """The encoder or the decoder of a network that was trained elsewhere.

    Attributes
    ----------
    kind
        A `torch.export` program, an ONNX file or a function.
    name
        Name of the file, or ``package.module:function``.
    sha256
        Of the file, or of the source file of the function.
    """

    kind: Literal["program", "onnx", "function"]
    name: str = Field(max_length=4096)
    sha256: Sha256 = Field(pattern=_HEX)


class ElsewhereArchitecture(_Shape):
    """A network that was trained elsewhere: an encoder and a decoder."""

    encode: Part
    decode: Part

    @property
    def parts(self) -> dict[str, Part]:
        """Both parts by name."""
        return {"encode": self.encode, "decode": self.decode}


AnyArchitecture = Architecture | OwnArchitecture | ElsewhereArchitecture


def stored_architecture(model: xr.Dataset) -> AnyArchitecture:
    """What the network of a ``model`` group is made of.

    Raises
    ------
    StoreError
        If the stored description is not one of a network.
    """
    values = nested(model.attrs, "architecture")
    kind: type[AnyArchitecture] = Architecture
    if "network" in values:
        kind = OwnArchitecture
    elif "encode" in values:
        kind = ElsewhereArchitecture
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise StoreError(
            f"The stored description of the network is not valid ({place}: {first['msg']}); the "
            "store is damaged or was made by another program. Open an older version (zpoints "
            "history ROOT) or train again."
        ) from error


def code_names(architecture: AnyArchitecture) -> tuple[str, ...]:
    """Names of the classes and functions that a network needs; empty if it needs no code."""
    if isinstance(architecture, OwnArchitecture):
        return (architecture.network,)
    if isinstance(architecture, ElsewhereArchitecture):
        return tuple(p.name for p in architecture.parts.values() if p.kind == "function")
    return ()
