"""Fingerprints: hashes of everything that decides the result of a stage."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings
from zpoints.storage import SCHEMA_VERSION


def fingerprint(stage: str, settings: Any, reads: Sequence[str]) -> str:
    """Hash a stage's settings, the fingerprints of what it reads and the schema version.

    Parameters
    ----------
    stage
        Name of the stage.
    settings
        JSON values that decide the result, seeds included.
    reads
        Fingerprints of the groups that the stage reads, in order.

    Returns
    -------
    str
        16 hexadecimal digits; equal exactly if the stage would write the same result.
    """
    content = json.dumps([stage, settings, list(reads), SCHEMA_VERSION], sort_keys=True)
    return sha256(content.encode()).hexdigest()[:16]


def settings_for_fingerprint(section: Settings) -> dict[str, Any]:
    """The JSON values of a section without the fields marked ``NOT_IN_FINGERPRINT``."""
    fields = type(section).model_fields
    marked = {name for name, field in fields.items() if NOT_IN_FINGERPRINT in field.metadata}
    values = section.model_dump(mode="json", exclude=marked)
    for name in values:
        if isinstance(inner := getattr(section, name), Settings):
            values[name] = settings_for_fingerprint(inner)
    return values
