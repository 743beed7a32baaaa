"""Settings of the import; `zpoints.pipeline.config.run` takes them from the sections of a run."""

from typing import Annotated

from pydantic import Field

from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings


class ImportConfig(Settings):
    """Vectors that were made elsewhere.

    Attributes
    ----------
    vectors
        Location of the vectors; their content enters the fingerprint instead.
    key
        Array, variable or columns in it; None where there is only one.
    labels
        Table of labels, if there is one.
    name_column
        Column of the table with the names of the vectors; None finds it.
    follow_changes
        Whether changed and removed vectors are replaced; else they are an error.
    chunk
        Vectors per chunk.
    """

    vectors: Annotated[str, NOT_IN_FINGERPRINT]
    key: Annotated[str | None, NOT_IN_FINGERPRINT]
    labels: Annotated[str | None, NOT_IN_FINGERPRINT]
    name_column: Annotated[str | None, NOT_IN_FINGERPRINT]
    follow_changes: Annotated[bool, NOT_IN_FINGERPRINT]
    chunk: int = Field(ge=1)
