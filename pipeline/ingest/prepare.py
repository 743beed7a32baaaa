"""Prepares an ingest: opens the source and compares its photographs with the stored ones."""

from collections.abc import Callable
from pathlib import Path

from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.ingest.config import IngestConfig, SourceConfig
from zpoints.pipeline.ingest.files.bucket import BucketPath
from zpoints.pipeline.ingest.files.path import SourcePath, existing_path
from zpoints.pipeline.ingest.match_stored import match, pack_rechecked, unpack_rechecked
from zpoints.pipeline.ingest.plan import IngestPlan, plan_ingest
from zpoints.pipeline.ingest.sources.formats import open_source
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.progress import Console, counted
from zpoints.storage import Store
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.buckets.schemes import in_bucket
from zpoints.storage.backend.local_path import local_path
from zpoints.storage.backend.location import Location

RECHECKED = "touched.json"
"""Object next to the versions that keeps the checksums of files whose signature changed."""


def open_photographs(
    config: IngestConfig, source_config: SourceConfig, console: Console, *, root: str | None = None
) -> Source:
    """Open the configured source and report what it holds.

    Parameters
    ----------
    config
        Names the source.
    source_config
        Its format and labels.
    console
        Reports format, number of photographs and annotations that do not fit.
    root
        Root of the store that the photographs are for.

    Returns
    -------
    Source
        The photographs with their labels; none is read.

    Raises
    ------
    ConfigError
        If the configuration names no source, one that does not exist, or one in the root.
    SourceError
        If the source cannot be read.
    """
    path = existing_path(config.source)
    if root is not None and _is_within(path, root):
        raise ConfigError(
            f"ingest.source = {path} lies in the root of the store, {root}, where everything is "
            "made by zpoints. Expected photographs elsewhere; move them, or choose another --root."
        )
    source = open_source(path, source_config)
    count = len(source.names) + len(source.refused)
    console.line(f"{source.format} format: {source.why}, {counted(count, 'photograph')}.")
    for note in source.notes:
        console.line(note)
    return source


def _is_within(path: SourcePath, root: str) -> bool:
    """Whether a path is the root of a store, or in it."""
    if isinstance(path, BucketPath):
        return f"{path}/".startswith(f"{Location.of(root).root}/")
    if in_bucket(root) or not isinstance(path, Path):
        return False
    return path.resolve().is_relative_to(local_path(root).resolve())


def prepare(
    source: Source,
    config: IngestConfig,
    source_config: SourceConfig,
    store: Store | None,
    *,
    keep: Callable[[str, bytes], None] | None = None,
    of_vectors: bool = False,
) -> IngestPlan:
    """Compare a source with the stored images and plan their ingest.

    Parameters
    ----------
    source
        The photographs.
    config
        How they are cut.
    source_config
        What to do about stored photographs that have changed, and about unreadable ones.
    store
        The newest version; None if there is none yet.
    keep
        Stores an object next to the versions, for the checksums of files whose signature changed;
        a dry run has none.
    of_vectors
        As in `IngestPlan`.

    Returns
    -------
    IngestPlan
        The rows that ``images`` is to have.

    Raises
    ------
    SourceError
        If stored photographs were removed or changed and ``source.on_change`` is ``error``, or
        some are in quarantine and ``source.strict`` is set.
    """
    if store is None or store.fingerprint("images") is None:
        return plan_ingest(source, config, source_config, None, None, of_vectors=of_vectors)
    rechecked = unpack_rechecked(Blobs(store.root).get(RECHECKED))
    matched = match(source, store.images, rechecked)
    if keep is not None and matched.rechecked != rechecked:
        keep(RECHECKED, pack_rechecked(matched.rechecked))
    return plan_ingest(source, config, source_config, store.images, matched, of_vectors=of_vectors)
