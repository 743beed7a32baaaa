"""What is wrong with settings, in words for those who wrote them."""

from collections.abc import Mapping
from typing import Any

EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "settings by their names",
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
    "model_type": "settings by their names",
    "multiple_of": "a multiple of {multiple_of}",
    "string_type": "a text",
    "tuple_type": "a list",
}
"""What a setting had to be, by the type of pydantic's error."""


def place(fault: Mapping[str, Any], values: Any) -> list[str]:
    """The names that lead to a setting.

    Parameters
    ----------
    fault
        One of pydantic's errors; its own location has the kind of a generator after the name.
    values
        The plain values that were validated.
    """
    path: list[str] = []
    for part in fault["loc"]:
        if isinstance(values, Mapping) and values.get("generator") == part:
            values = {name: value for name, value in values.items() if name != "generator"}
        elif part != "[key]":
            path.append(str(part))
            values = values.get(part) if isinstance(values, Mapping) else None
    return path


def reason(fault: Mapping[str, Any]) -> str:
    """What one of pydantic's errors says of a setting."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "value_error":  # a sentence of ours
        return str(context["error"])
    if kind == "extra_forbidden":
        return "no such setting"
    if kind == "missing":
        return "has to be set"
    if kind in EXPECTED:
        return f"expected {EXPECTED[kind].format(**context)}".replace("'", "")
    return str(fault["msg"])
