"""Any folder of photographs, nested or not, with or without tables of labels."""

import posixpath
from collections.abc import Sequence

import pandas as pd

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.archive import ArchivePath
from zpoints.pipeline.ingest.files.listing import list_folder
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.sources.class_folders import class_folders
from zpoints.pipeline.ingest.sources.label_tables import find_labels
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.tables.celeba import ANNOTATION_FILES, FOLDERS
from zpoints.pipeline.ingest.tables.join import TABLES_NAMED, listed, shown
from zpoints.pipeline.progress import counted


def read_folder(path: SourcePath, config: SourceConfig) -> Source | None:
    """Read every photograph in a folder and its subfolders; names are relative paths.

    Raises
    ------
    SourceError
        If a folder cannot be listed, no photograph is usable, or the tables of labels give none.
    """
    if not path.is_dir():
        return None
    listing = list_folder(path, nested=True)
    if not listing.keys:
        if listing.refused:
            first = listing.refused[0]
            raise SourceError(
                f"{path} holds {counted(len(listing.refused), 'photograph')} and none can be used, "
                f"e.g. {first.name}: {first.reason}."
            )
        if listing.results or listing.remarks:
            raise SourceError(f"{path} holds no photographs: {' '.join(listing.notes())}")
        return None
    _refuse_celeba(path, listing.others, config)
    names = listing.names
    labels, used = find_labels(path, listing.inner_paths, listing.others, config)
    listing.others = [other for other in listing.others if other not in used]
    rows, notes = _with_classes(labels.rows, listing.inner_paths, config)
    return Source(
        format="folder",
        why=f"found photographs in {path}"
        + (f" and labels in {listed(used, TABLES_NAMED)}" if used else ""),
        files=listing.files,
        names=names,
        keys=tuple(listing.keys[name] for name in names),
        signatures=tuple(listing.signatures[name] for name in names),
        labels=rows.set_axis(pd.Index(names, dtype=rows.index.dtype)),
        landmarks=labels.landmarks,
        notes=(*listing.notes(), *labels.notes, *notes),
        refused=tuple(listing.refused),
        names_may_change=isinstance(path, ArchivePath),
    )


def _with_classes(
    rows: pd.DataFrame, paths: Sequence[str], config: SourceConfig
) -> tuple[pd.DataFrame, list[str]]:
    """The labels and those of folders, except where a table gives a label of that name; notes."""
    found = class_folders(paths, config.class_folders)
    taken = [name for name in found if name in rows]
    added = {name: values for name, values in found.items() if name not in rows}
    notes = [
        f"Label {name}: {counted(len(set(values) - {''}), 'folder')} of photographs, e.g. "
        f"{shown(min(set(values) - {''}))}. If they are not classes, set "
        "source.class_folders=ignore."
        for name, values in added.items()
    ]
    if taken:
        notes.append(f"Label {listed(taken)}: that of the table, not the names of folders.")
    return rows.assign(**added), notes


def _refuse_celeba(path: SourcePath, others: Sequence[str], config: SourceConfig) -> None:
    """Refuse a folder that holds CelebA's text annotations deeper inside: no table here gives them.

    Not if the configuration calls the source a folder, or names labels.
    """
    if config.format != "auto" or config.labels or config.name_column:
        return
    names = {f"{file.stem}.txt" for file in ANNOTATION_FILES}
    found = [other for other in others if posixpath.basename(other) in names]
    if not found or config.unused_tables == "ignore":
        return
    home = posixpath.dirname(found[0])
    if posixpath.basename(home) in FOLDERS[1:]:
        home = posixpath.dirname(home)
    raise SourceError(
        f"{path} holds annotations of CelebA in a folder inside, {found[0]}, which are not read "
        f"from here. Expected CelebA's own folder, {path / home}, as ingest.source (an archive "
        "unpacked); name it, or continue without these labels with --set "
        "source.unused_tables=ignore."
    )
