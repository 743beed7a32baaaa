"""Records next to the versions of a store: data of unknown origin, validated when it is read."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from zpoints.storage.errors import DamagedRecordError
from zpoints.storage.text import one_line

RECORD = ConfigDict(strict=True, extra="forbid")
"""Configuration of a record's dataclass: no other fields, and no value of another type."""
YEAR_1000, YEAR_3000 = -30610224000.0, 32503680000.0
"""In seconds since 1970; calendars can show every time between them."""
FAULT_LENGTH = 200
"""Characters of a fault in a message."""

Line = Annotated[str, AfterValidator(one_line)]
"""Text for people, which loses its control characters when it is read."""
Seconds = Annotated[float, Field(ge=YEAR_1000, lt=YEAR_3000, allow_inf_nan=False)]
"""A time in seconds since 1970."""
ProcessNumber = Annotated[int, Field(gt=0, lt=2**31)]

R = TypeVar("R")


def parse_record(kind: TypeAdapter[R], content: bytes, name: str) -> R:
    """A validated record.

    Parameters
    ----------
    kind
        What the record has to be.
    content
        The stored bytes, JSON.
    name
        Path or URL of the object, for the message.

    Raises
    ------
    DamagedRecordError
        If the bytes are anything else.
    """
    try:
        return kind.validate_json(content)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise damaged(name, f"{place}: {fault['msg']}" if place else fault["msg"]) from None


def record_in(kind: TypeAdapter[R], facts: Mapping[str, Any]) -> R | None:
    """The validated record in the facts of a lease; None if they are anything else."""
    try:
        return kind.validate_json(json.dumps(dict(facts)))
    except ValidationError:
        return None


def damaged(name: str, fault: str) -> DamagedRecordError:
    """Error about a record that is not what it should be.

    Parameters
    ----------
    name
        Path or URL of the object.
    fault
        What is wrong with it.
    """
    return DamagedRecordError(
        f"{one_line(name)} is damaged, or of another version of zpoints: "
        f"{one_line(fault)[:FAULT_LENGTH]}. The versions of the store do not depend on it; restore "
        "it, or remove it."
    )
