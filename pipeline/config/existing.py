"""Checks that a run has photographs or vectors, before the libraries of the stages are loaded."""

from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.import_vectors.formats.open_vectors import existing_vectors
from zpoints.pipeline.ingest.files.path import existing_path
from zpoints.storage.backend.buckets.schemes import in_bucket


def require_origin(config: RunConfig) -> None:
    """Refuse a configuration whose photographs or vectors are not there.

    A bucket is not asked; the run does it.

    Raises
    ------
    ConfigError
        If it names none, or a local file or folder that does not exist.
    PlaceError
        If it names a URL of no known kind.
    """
    vectors, source = config.ingest.vectors, config.ingest.source
    if vectors is not None:
        existing_vectors(vectors)
    if source is None and vectors is not None:
        return
    if source is None or not in_bucket(source):
        existing_path(source)
