"""Every variable of a store with its dims, dtype, units and meaning, from the registry."""

from markdown_table import code, table

from zpoints.storage.schema.registry import KINDS, NAMED_KINDS, REQUIRED_ATTRS, VARIABLES
from zpoints.storage.schema.variable import Variable

CONTENT = {
    "images": "The cropped photographs and their labels.",
    "model": "The trained network and its loss curves.",
    "latents": "The latent vectors, with the labels of the photographs.",
    "statistics": "Moments, number distributions, principal components and radii of the vectors.",
    "selections": "The variables of `statistics`, for the vectors that a query selects.",
    "structure": "Clusters, linear probes of the labels, and directions of the attributes.",
    "samples": "Drawn vectors and the images that they decode to.",
    "quality": "Measures of a set of images, or of vectors.",
    "sweep": "Measures of a generator at each point of a grid of its parameters.",
}


def markdown() -> str:
    """A section for each kind of group."""
    return "\n\n".join(_section(kind) for kind in KINDS)


def _section(kind: str) -> str:
    group = f"{kind}/<name>" if kind in NAMED_KINDS else kind
    parts = [f"## {code(group)}", CONTENT.get(kind, "")]
    if attributes := REQUIRED_ATTRS[kind]:
        parts.append("Attributes: " + ", ".join(map(code, attributes)) + ".")
    if kind == "selections":
        return "\n\n".join([*parts, "Its variables are those of [statistics](#statistics)."])
    variables = sorted(VARIABLES[kind].values(), key=lambda v: v.label)
    heading = ["variable", "dims", "dtype", "units", "meaning"]
    return "\n\n".join([*parts, table(heading, map(_row, variables))])


def _row(variable: Variable) -> tuple[str, ...]:
    marks = ["label"] * variable.label + ["lazy"] * variable.lazy
    meaning = _text(variable.meaning) + (f" *({', '.join(marks)})*" if marks else "")
    dims = ", ".join(variable.dims) or "–"
    return code(variable.name), _text(dims), variable.dtype, variable.units, meaning


def _text(text: str) -> str:
    return text.replace("*", "\\*").replace("<", "\\<").replace("_", "\\_")
