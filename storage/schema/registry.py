"""The registry of stored variables: every group's dims, dtype, unit and meaning."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from zpoints.storage.errors import SchemaError
from zpoints.storage.schema import quality, statistics
from zpoints.storage.schema.dimensions import CHANNEL, COMPONENT, EPOCH, IMAGE, PC, SAMPLE
from zpoints.storage.schema.variable import Variable, by_name, parse_table

SCHEMA_VERSION = 2

KINDS = (
    "images",
    "model",
    "latents",
    "statistics",
    "selections",
    "structure",
    "samples",
    "quality",
    "sweep",
)
"""Kinds of groups."""

LABELLED = ("images", "latents")
"""Kinds whose rows carry labels."""

NAMED_KINDS = ("selections", "samples", "quality")
"""Kinds with many groups; every group `samples/<name>` is of the kind `samples`."""

REQUIRED_ATTRS: Mapping[str, tuple[str, ...]] = {
    "images": (),
    "model": ("architecture", "sha256"),
    "latents": (),
    "statistics": (),
    "selections": ("query",),
    "structure": (),
    "samples": ("generator", "parameters", "seed", "constraint"),
    "quality": ("judged", "held_out", "count", "wanted", "level"),
    "sweep": ("count", "held_out"),
}
"""Attributes that each kind of group has in addition to those that every group carries."""


_CHECKSUM = """
checksum     | image | uint64 | 1 | first 8 bytes, big-endian, of the BLAKE2b digest of file or row
"""

_SIGNATURE = """
signature    | image | str    | 1 | size, time or CRC of the file in the source's listing
"""

_FAULT = """
fault | image | str | 1 | why a photograph cannot be read; absent from published versions
"""

_QUARANTINED = """
quarantined | quarantined | str | 1 | names of photographs that could not be read
"""

_QUARANTINE = """
quarantine_reason    | quarantined | str | 1 | why the photograph could not be read
quarantine_signature | quarantined | str | 1 | size, time or CRC of the file in the listing
"""

_LABELS = """
split        | image | str    | 1 | train, validation or test
identity     | image | int32  | 1 | number of the person shown
landmarks    | image landmark axis | int16 | pixel | positions in the aligned 178 x 218 photograph
landmark     | landmark | str | 1 | left_eye, right_eye, nose, left_mouth, right_mouth
axis         | axis     | str | 1 | x, y
"""

_PIXELS = "pixels | image y x channel | uint8 | 1 | pixel values, 0 to 255, RGB or grey"

_WEIGHTS = "weights | byte | uint8 | 1 | trained parameters as a safetensors file"

_CURVES = """
loss            | epoch | float64 | 1 | mean training loss of the epoch
validation_loss | epoch | float64 | 1 | mean loss on the validation split after the epoch
learning_rate   | epoch | float64 | 1 | learning rate at the end of the epoch
"""

_LATENT = "z | image component | float32 | 1 | latent vectors"

_ERROR = """
reconstruction_error | image | float32 | 1 | mean squared error over pixels and channels in [0, 1]
"""

_DRAWN = """
z | sample component | float32 | 1 | drawn latent vectors
v | sample pc        | float32 | 1 | PCA coordinates, (z - mean) @ loadings.T
"""

_DECODED = "pixels | sample y x channel | uint8 | 1 | decoded images, 0 to 255"


VARIABLES: Mapping[str, Mapping[str, Variable]] = {
    "images": by_name(
        parse_table(_PIXELS, required=True, lazy=True),
        parse_table(IMAGE, required=True, label=True),
        parse_table(CHANNEL, label=True),
        parse_table(_CHECKSUM + _SIGNATURE, required=True, label=True),
        parse_table(_LABELS + _QUARANTINED, label=True),
        parse_table(_FAULT + _QUARANTINE),
    ),
    "model": by_name(
        parse_table(_WEIGHTS, required=True, lazy=True),
        parse_table(_CURVES),
        parse_table(EPOCH, label=True),
    ),
    "latents": by_name(
        parse_table(_LATENT, required=True, lazy=True),
        parse_table(_ERROR),
        parse_table(IMAGE, required=True, label=True),
        parse_table(COMPONENT, label=True),
        parse_table(_CHECKSUM + _LABELS, label=True),
    ),
    "statistics": statistics.STATISTICS,
    # The same variables for a selection of the vectors.
    "selections": statistics.STATISTICS,
    "structure": statistics.STRUCTURE,
    "samples": by_name(
        parse_table(_DRAWN, required=True, lazy=True),
        parse_table(_DECODED, required=True, made_with="model", lazy=True),
        parse_table(SAMPLE + COMPONENT, label=True),
        parse_table(PC + CHANNEL, label=True),
    ),
    "quality": by_name(
        parse_table(quality.REENCODED, required=True, made_with="model", lazy=True),
        parse_table(quality.ALWAYS, required=True),
        parse_table(quality.OF_IMAGES + quality.BY_LEVEL, required=True, made_with="model"),
        parse_table(quality.OPTIONAL + quality.NEW_OF_IMAGES, made_with="model"),
        parse_table(quality.NEW),
        parse_table(SAMPLE + COMPONENT, label=True),
        parse_table(quality.LEVEL, required=True, made_with="model", label=True),
    ),
    "sweep": by_name(
        parse_table(quality.SWEPT, required=True),
        parse_table(quality.SWEPT_OF_IMAGES, required=True, made_with="model"),
        parse_table(quality.NEW_SWEPT),
        parse_table(quality.STRIP, made_with="model", lazy=True),
        parse_table(CHANNEL, label=True),
    ),
}
"""For each kind of group, its variables by name."""


def kind_of(group: str) -> str:
    """Kind of a group.

    Raises
    ------
    SchemaError
        If the registry has no such group.

    Examples
    --------
    >>> kind_of("samples/ellipse")
    'samples'
    """
    head, _, name = group.partition("/")
    if head not in KINDS or (head in NAMED_KINDS) != bool(name) or "/" in name:
        kinds = ", ".join(f"{kind}/<name>" if kind in NAMED_KINDS else kind for kind in KINDS)
        raise SchemaError(f"Unknown group {group!r}; expected one of {kinds}.")
    return head


OPEN: Mapping[str, str] = {
    "b": "bool",
    "i": "int64",
    "f": "float64",
    "M": "datetime64[us]",
    **dict.fromkeys("OUT", "str"),
}
"""By the kind of a NumPy dtype, the dtype of labels that the registry does not name."""


def find_variable(group: str, name: str, array: xr.Variable | xr.DataArray) -> Variable | None:
    """Look up a variable; `None` if the registry does not allow it.

    The names of labels come with the data, so an array along `image` with another name and a
    dtype of `OPEN` is a label of `images` and `latents`, and one along `point` a parameter of
    `sweep`. The names of measures may come from a package that is not installed here, so any other
    number in `quality`, single or along `sample`, is a measure. Parameters and measures carry
    their meaning.

    Parameters
    ----------
    group, name
        Where the variable is stored.
    array
        The variable; only its dims and dtype matter.
    """
    kind = kind_of(group)
    known = VARIABLES[kind].get(name)
    dims = tuple(map(str, array.dims))
    meaning = str(array.attrs.get("long_name", name))
    if known is None and kind == "quality" and (dims, str(array.dtype)) in quality.MEASURED:
        dtype = str(array.dtype)
        return Variable(name=name, dims=dims, dtype=dtype, units="1", meaning=meaning)
    is_parameter = kind == "sweep" and dims == ("point",)
    is_label = kind in LABELLED and not is_named(name) and dims == ("image",)
    if known is not None or not (is_parameter or is_label):
        return known
    open_dtype = OPEN.get(array.dtype.kind)
    if open_dtype is None or (open_dtype != "str" and array.dtype != np.dtype(open_dtype)):
        return None
    return Variable(
        name=name,
        dims=dims,
        dtype=open_dtype,
        units="" if array.dtype.kind == "M" else "1",  # xarray keeps those of dates as encoding
        meaning=meaning if is_parameter else name,
        label=True,
    )


def is_named(name: str) -> bool:
    """Whether the registry names a variable of `images` or `latents`; other names are labels.

    Examples
    --------
    >>> is_named("split"), is_named("digit")
    (True, False)
    """
    return any(name in VARIABLES[kind] for kind in LABELLED)


def label_variables(images: xr.Dataset) -> dict[str, xr.Variable]:
    """Labels of the photographs, as coordinates for a template of `latents`.

    Parameters
    ----------
    images
        The group `images`.

    Returns
    -------
    dict
        By name, the variables of `images` that are labels of `latents` in the registry.

    Examples
    --------
    >>> rows = {"image": ["a.jpg"], "Smiling": ("image", [True])}
    >>> pixels = (("image", "y", "x", "channel"), np.zeros((1, 8, 8, 3), np.uint8))
    >>> sorted(label_variables(xr.Dataset({"pixels": pixels}, coords=rows)))
    ['Smiling', 'image']
    """
    found = {str(name): variable for name, variable in images.variables.items()}
    return {
        name: variable.to_base_variable()
        for name, variable in found.items()
        if (known := find_variable("latents", name, variable)) and known.label
    }
