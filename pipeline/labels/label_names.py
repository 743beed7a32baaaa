"""Names of labels: how an annotation's name is read, and which names no attribute can have."""

import re
import unicodedata

from zpoints.storage.labels.annotated import is_attribute
from zpoints.storage.schema.array_names import LONGEST, array_name
from zpoints.storage.schema.registry import VARIABLES

RESERVED = {
    name
    for kind in ("images", "latents")
    for variable in VARIABLES[kind].values()
    for name in (variable.name, *variable.dims)
}
"""Names with another meaning in the store."""

_CONTROLS = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\u202a-\\u202e\\u2066-\\u2069]")
"""Control characters of terminals and of the direction of writing, and halves of characters."""


def label_named(text: object) -> str:
    """The name of a label as an annotation gives it: composed Unicode, single blanks.

    A name that wraps over two lines of a spreadsheet's cell is one name.

    Examples
    --------
    >>> label_named("  Wearing\\n Hat ")
    'Wearing Hat'
    """
    composed = unicodedata.normalize("NFC", str(text).removeprefix("\ufeff"))
    return " ".join(composed.split())


def name_problem(name: str) -> str | None:
    """Why no attribute can have a name; None if one can.

    Parameters
    ----------
    name
        A result of `label_named`.

    Examples
    --------
    >>> name_problem("hat/cap"), name_problem("landmarks")
    (None, 'has another meaning in the store')
    """
    if not name:
        return "is empty"
    if name in RESERVED or not is_attribute(name):
        return "has another meaning in the store"
    if _CONTROLS.search(name):
        return "holds control characters"
    if len(array_name(name).encode()) > LONGEST:
        return "is too long"
    return None
