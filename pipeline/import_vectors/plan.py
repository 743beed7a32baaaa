"""Plans an import: opens the vectors and compares them with the stored ones."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.errors import ConfigError, SourceError, UnreadableError
from zpoints.pipeline.import_vectors.config import ImportConfig
from zpoints.pipeline.import_vectors.formats.open_vectors import open_vectors
from zpoints.pipeline.import_vectors.labels import NamedVectors, label_vectors
from zpoints.pipeline.import_vectors.photographs import match_photographs
from zpoints.pipeline.import_vectors.vector_file import VectorFile, checksums, vectors_read
from zpoints.pipeline.ingest.files.photographs import digest
from zpoints.pipeline.ingest.plan import IngestPlan
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.tables.annotations import annotations_digest
from zpoints.pipeline.progress import Console, counted
from zpoints.storage import Store
from zpoints.storage.schema.provenance import provenance_of, were_imported

GROUP = "latents"
WIDE = 4096
"""Components from which the import warns of what grows with their square."""


@dataclass(frozen=True)
class VectorSource:
    """Vectors that were made elsewhere, with their labels; opened, not read.

    Attributes
    ----------
    file
        The vectors.
    labelled
        Their names and labels.
    photographs
        The photograph of each, in their order; None if there are none.
    """

    file: VectorFile
    labelled: NamedVectors
    photographs: Source | None = None


@dataclass(frozen=True, kw_only=True)
class VectorsPlan:
    """The rows that `latents` is to have, and which of them are stored already.

    Attributes
    ----------
    source
        The vectors and their labels.
    carried
        Number of leading rows that are stored already.
    content
        Digest of the vectors; the stored one while they are the same.
    annotations
        Digest of names and labels.
    grows
        Whether the stored rows are the first of these.
    changed, removed
        Numbers of stored vectors that the source holds with other values, or lacks.
    photographs
        The ingest of their photographs, whose rows are the same; None if there are none.
    """

    source: VectorSource
    carried: int
    content: str
    annotations: str
    grows: bool = False
    changed: int = 0
    removed: int = 0
    photographs: IngestPlan | None = None

    @property
    def rows(self) -> int:
        """Number of vectors."""
        return self.source.file.rows

    @property
    def new(self) -> int:
        """Number of vectors that have to be read."""
        return self.rows - self.carried

    @property
    def names(self) -> NDArray[np.object_]:
        """(image,) names of the vectors."""
        return self.source.labelled.labels.rows.index.to_numpy(dtype=object)

    @property
    def label_count(self) -> int:
        """Number of labels."""
        return int(self.source.labelled.labels.rows.shape[1])

    @property
    def digest(self) -> str:
        """Hash of the vectors with names, labels and photographs, which decide the splits."""
        photographs = [] if self.photographs is None else [self.photographs.digest]
        return digest([self.content, self.annotations, *photographs])


def open_vector_source(
    config: ImportConfig, photographs: Source | None, console: Console
) -> VectorSource:
    """Open vectors with their labels and report what they are.

    Parameters
    ----------
    config
        Names them.
    photographs
        Photographs, among them one for each vector; None if the vectors have none.
    console
        Reports format, size, labels, and what many components cost.

    Raises
    ------
    ConfigError
        If there is no such file or table.
    SourceError
        If one of them cannot be read, or a vector has no photograph of its own.
    """
    file = open_vectors(config.vectors, config.key)
    part = f" ({file.part})" if file.part else ""
    size = f"{counted(file.rows, 'vector')} of {file.width:,} components"
    console.line(f"{file.form}: {file.path}{part}, {size}, {file.dtype}.")
    if file.width > WIDE:
        matrix = 8 * file.width**2 / 2**30
        console.line(
            f"{file.width:,} components: each of the matrices of the analysis takes {matrix:.1f} "
            "GiB, its time per vector grows with the square of the components, and that of the "
            "principal components with the cube. A projection to fewer components costs less."
        )
    labelled = label_vectors(file, config.labels, config.name_column)
    if photographs is not None:
        photographs, labelled = match_photographs(
            labelled, photographs, labelled=config.labels is not None
        )
    for note in labelled.notes:
        console.line(note)
    return VectorSource(file, labelled, photographs)


def plan_import(source: VectorSource, config: ImportConfig, store: Store | None) -> VectorsPlan:
    """Compare vectors with the stored ones, which are read only if files have changed.

    Parameters
    ----------
    source
        The vectors.
    config
        What to do about stored vectors that have changed.
    store
        The newest version; None if there is none yet.

    Raises
    ------
    ConfigError
        If the store has a network, or latents that it made, or photographs and these have none.
    SourceError
        If stored vectors were changed or removed, or got other photographs, and the settings do not
        follow changes.
    """
    labels = source.labelled.labels.rows
    names = digest(map(str, labels.index))
    annotations = digest([names, annotations_digest(labels, None)])
    plan = VectorsPlan(
        source=source, carried=0, content=source.file.signature, annotations=annotations
    )
    if store is None:
        return plan
    have = store.fingerprint(GROUP) is not None
    if store.fingerprint("model") is not None or (have and not were_imported(store.latents)):
        raise ConfigError(
            f"{store.root} holds a network, or latents that were encoded from photographs. "
            "Expected a root of its own for imported vectors; choose another --root."
        )
    if store.fingerprint("images") is not None:
        _check_photographs(source, store, follow_changes=config.follow_changes)
    return _compared(plan, config, store.latents) if have else plan


def _check_photographs(source: VectorSource, store: Store, *, follow_changes: bool) -> None:
    """Refuse to leave the stored photographs, or to exchange those of stored vectors."""
    if source.photographs is None:
        raise ConfigError(
            f"{store.root} holds photographs of its vectors. Expected them again; name them with "
            "--images FOLDER (ingest.source), or choose another --root."
        )
    stored = store.images["image"].values.astype(object)
    now = np.array(source.photographs.names, dtype=object)
    both = min(len(stored), len(now))
    differs = np.flatnonzero(stored[:both] != now[:both])
    if len(differs) and not follow_changes:
        row = differs[0]
        raise SourceError(
            f"{counted(len(differs), 'stored vector')} would get another photograph, first in row "
            f"{row:,}: {stored[row]} before, {now[row]} now. Expected the stored photographs, and "
            "new ones after them; name the vectors in a table of labels, or follow the source with "
            "--set source.on_change=reencode."
        )


def describe_vector_changes(plan: VectorsPlan, store: Store) -> str:
    """How the vectors of the source differ from the stored ones."""
    stored = store.latents.sizes["image"]
    counts = {
        "new": max(plan.rows - stored, 0),
        "changed": plan.changed,
        "removed": plan.removed,
    }
    changes = [f"{count:,} {kind}" for kind, count in counts.items() if count]
    return f"vectors: {', '.join(changes)}" if changes else "names, labels or photographs changed"


def _compared(plan: VectorsPlan, config: ImportConfig, latents: xr.Dataset) -> VectorsPlan:
    made = provenance_of(latents.attrs)
    file, stored = plan.source.file, latents.sizes["image"]
    same_names = _begin_equally(latents.indexes["image"], plan.names)
    if file.width != latents.sizes["component"]:
        raise SourceError(
            f"{file.path} has vectors of {file.width:,} components, the store of "
            f"{latents.sizes['component']:,}. Expected the same; choose another --root."
        )
    if file.signature == made["signature"]:
        return replace(plan, carried=stored, content=made["content"], grows=same_names)
    differs = _differences(file, latents["checksum"].values)
    plan = replace(plan, changed=len(differs), removed=max(stored - file.rows, 0))
    if plan.changed or plan.removed:
        if not config.follow_changes:
            raise UnreadableError(_changes_message(plan, differs))
        return plan
    content = made["content"] if file.rows == stored else plan.content
    return replace(plan, carried=stored, content=content, grows=same_names)


def _begin_equally(stored: pd.Index, names: NDArray[np.object_]) -> bool:
    return np.array_equal(stored.to_numpy(dtype=object), names[: len(stored)])


def _differences(file: VectorFile, stored: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Rows of the stored vectors that the file holds with other values."""
    found: list[NDArray[np.int64]] = []
    for start, stop in file.blocks():
        known = stored[start:stop]
        if len(known):
            now = checksums(vectors_read(file, start, start + len(known)))
            found.append(start + np.flatnonzero(now != known))
    return np.concatenate(found)


def _changes_message(plan: VectorsPlan, differs: NDArray[np.int64]) -> str:
    path, parts = plan.source.file.path, []
    if plan.changed:
        parts.append(f"{counted(plan.changed, 'vector')} changed, first in row {differs[0]:,}")
    if plan.removed:
        parts.append(f"{counted(plan.removed, 'vector')} removed from the end")
    return (
        f"Of the stored vectors, {path} has {' and '.join(parts)}. Expected the stored vectors, "
        "and new ones after them; restore the file, or follow it with --set "
        "source.on_change=reencode, which imports all vectors again."
    )
