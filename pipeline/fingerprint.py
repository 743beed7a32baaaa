"""The identity of a stage's result: a hash of everything that decides it."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from zpoints.storage import SCHEMA_VERSION


def fingerprint(stage: str, settings: Any, reads: Sequence[str]) -> str:
    """Hash a stage's settings, the fingerprints of what it reads and the schema version.

    Parameters
    ----------
    stage
        Name of the stage.
    settings
        JSON values: its configuration, seeds included.
    reads
        Fingerprints of the groups that it reads, in order.

    Returns
    -------
    str
        16 hexadecimal digits; equal exactly when the stage would write the same result.
    """
    content = json.dumps([stage, settings, list(reads), SCHEMA_VERSION], sort_keys=True)
    return sha256(content.encode()).hexdigest()[:16]
