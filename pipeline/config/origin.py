"""What the latents of a run are made from: photographs, or vectors that were made elsewhere."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from zpoints.pipeline.config.choice import choose_from_photographs
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.import_vectors.plan import (
    VectorSource,
    VectorsPlan,
    open_vector_source,
    plan_import,
)
from zpoints.pipeline.ingest.plan import IngestPlan
from zpoints.pipeline.ingest.prepare import open_photographs, prepare
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.trial import try_photograph
from zpoints.pipeline.progress import Console
from zpoints.storage import Store

Origin: TypeAlias = Source | VectorSource
OriginPlan: TypeAlias = IngestPlan | VectorsPlan


def open_origin(config: RunConfig, console: Console, *, root: str) -> tuple[Origin, RunConfig]:
    """Open photographs or vectors; returns also the settings with the number of components.

    Parameters
    ----------
    config
        The settings; they name the source of the photographs, or a file of vectors.
    console
        Reports what the source holds.
    root
        The store; files that it wrote next to photographs are not photographs.

    Raises
    ------
    ConfigError, SourceError
        As `open_photographs` and `open_vector_source`, or if a setting does not fit the vectors.
    """
    if (imported := config.imported) is None:
        return open_photographs(config.ingest, config.source, console, root=root), config
    photographs = None
    if config.ingest.source is not None:
        photographs = open_photographs(
            config.ingest, config.photographs_of_vectors, console, root=root
        )
    vectors = open_vector_source(imported, photographs, console)
    return vectors, config.with_components(vectors.file.width)


def choose_settings(
    config: RunConfig, origin: Origin, store: Store | None, console: Console
) -> RunConfig:
    """Replace the settings that `choose` lists by those that fit the photographs, if any.

    Parameters
    ----------
    config
        The settings before.
    origin
        What `open_origin` returned.
    store
        The store as it is, None if there is none; it keeps the settings of a stored network.
    console
        Reports each choice with its reason.
    """
    if not isinstance(origin, VectorSource):
        return choose_from_photographs(config, origin, store, console)
    chosen = tuple(key for key in config.choose if origin.photographs and key.startswith("ingest."))
    if others := [key for key in config.choose if key not in chosen]:
        console.line(f"choose is not used for vectors: {', '.join(others)}.")
    config = config.model_copy(update={"choose": chosen})
    if origin.photographs is None:
        return config
    return choose_from_photographs(config, origin.photographs, store, console)


def plan_origin(
    origin: Origin,
    config: RunConfig,
    store: Store | None,
    *,
    keep: Callable[[str, bytes], None] | None = None,
) -> OriginPlan:
    """Compare photographs or vectors with the stored ones; see `prepare` and `plan_import`.

    One of the photographs is read, so that a crop that does not fit fails before anything starts.

    Parameters
    ----------
    origin
        What `open_origin` returned.
    config
        The settings.
    store
        The store as it is, None if there is none.
    keep
        Writes a file next to the store, by name; None in a dry run, which writes nothing.
    """
    if isinstance(origin, VectorSource):
        assert config.imported is not None
        vectors = plan_import(origin, config.imported, store)
        if origin.photographs is None:
            return vectors
        photographs = _plan_photographs(origin.photographs, config, store, keep, of_vectors=True)
        return replace(vectors, photographs=photographs)
    return _plan_photographs(origin, config, store, keep, of_vectors=False)


def _plan_photographs(
    source: Source,
    config: RunConfig,
    store: Store | None,
    keep: Callable[[str, bytes], None] | None,
    *,
    of_vectors: bool,
) -> IngestPlan:
    plan = prepare(source, config.ingest, config.source, store, keep=keep, of_vectors=of_vectors)
    try_photograph(plan, config.ingest)
    return plan
