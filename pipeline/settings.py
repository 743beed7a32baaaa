"""The base class of the configuration sections, and messages for invalid settings."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from zpoints.storage.errors import nearest


class NotInFingerprint:
    """Marks a field that does not enter the fingerprint of its section's stage.

    Either it decides only where the stage computes, or other values stand for it: the digest of
    the photographs for their path, the query of a selection for all selections.
    """


NOT_IN_FINGERPRINT = NotInFingerprint()


class Settings(BaseModel):
    """Values of one configuration section: validated, immutable, unknown keys refused.

    Numbers are finite, in every section.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=False, allow_inf_nan=False
    )


EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "settings by name",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "list_type": "a list",
    "literal_error": "{expected}",
    "model_type": "settings by name",
    "multiple_of": "a multiple of {multiple_of}",
    "string_type": "text",
    "too_long": "at most {max_length} values",
    "too_short": "at least {min_length} values",
    "tuple_type": "a list",
}
"""Expected values by the type of pydantic's error."""


def setting_path(fault: Mapping[str, Any], values: Any) -> list[str]:
    """Names that lead to the setting of one of pydantic's errors.

    Pydantic's location has the kind of a generator after the generator's name; it is left out.

    Parameters
    ----------
    fault
        One of ``ValidationError.errors()``.
    values
        The plain values that were validated.
    """
    path: list[str] = []
    for part in fault["loc"]:
        named = isinstance(values, Mapping) and part not in values
        if named and values.get("generator") == part:
            values = {name: value for name, value in values.items() if name != "generator"}
        elif part != "[key]":
            path.append(str(part))
            values = values.get(part) if isinstance(values, Mapping) else None
    return path


def _near_choice(fault: Mapping[str, Any]) -> str:
    """The choice that a mistyped one may mean, for the end of a message; empty if unclear."""
    known = re.findall("'([^']+)'", fault["ctx"]["expected"])
    alike = nearest(str(fault["input"]), known)
    return f"; did you mean {alike[0]}?" if alike else ""


def fault_message(fault: Mapping[str, Any]) -> str:
    """What is wrong with a setting, from one of ``ValidationError.errors()``."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "value_error":  # raised by a validator of zpoints, with its message
        return str(context["error"])
    if kind == "extra_forbidden":
        return "no such setting"
    if kind == "missing":
        return "must be set"
    if kind in EXPECTED:
        expected = f"expected {EXPECTED[kind].format(**context)}".replace("'", "")
        return f"{expected}{_near_choice(fault) if kind == 'literal_error' else ''}"
    return str(fault["msg"])
