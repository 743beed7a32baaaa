"""Names of labels as names of arrays.

A label is called whatever an annotation calls it: `Wearing Hat`, `hat/cap`, `../x`. The name of an
array is a path in the store, and xarray separates names of coordinates by blanks. Characters that
mean something there are percent-encoded in the name of the array; all other names stay as they are.
"""

import re
from urllib.parse import quote, unquote

_RESERVED = re.compile(r"^_|[^\w-]", re.ASCII)
"""A leading underscore, which Zarr reserves, and all but letters, digits, _ and -."""

LONGEST = 200  # bytes; a file system takes 255 as the name of a folder
"""Longest name of an array."""


def array_name(label: str) -> str:
    """The name of the array that stores a label.

    Examples
    --------
    >>> array_name("5_o_Clock_Shadow"), array_name("Wearing Hat"), array_name("../x")
    ('5_o_Clock_Shadow', 'Wearing%20Hat', '%2E%2E%2Fx')
    """
    return _RESERVED.sub(lambda found: _encoded(found[0]), label)


def label_name(array: str) -> str:
    """The label that an array of this name stores; the inverse of `array_name`.

    Examples
    --------
    >>> label_name("Wearing%20Hat")
    'Wearing Hat'
    """
    return unquote(array)


def _encoded(character: str) -> str:
    if ord(character) > 127 and character.isalnum():
        return character
    # `quote` leaves these as they are.
    return quote(character, safe="").replace(".", "%2E").replace("_", "%5F").replace("~", "%7E")
