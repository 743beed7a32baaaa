"""The forms in which face photographs come, and the choice among their readers."""

from pathlib import Path

from pipeline.ingest.celeba import read_celeba
from pipeline.ingest.errors import SourceError
from pipeline.ingest.source import Reader, Source

READERS: dict[str, Reader] = {"CelebA": read_celeba}


def open_source(path: Path) -> Source:
    """Open the photographs at ``path`` with the first reader that knows their form.

    Raises
    ------
    SourceError
        If nothing is there, or no reader knows the form.
    """
    if not path.exists():
        raise SourceError(
            f"ingest.source = {path} does not exist. Expected the folder of the photographs; "
            "name it with --set ingest.source=FOLDER."
        )
    for reader in READERS.values():
        if (source := reader(path)) is not None:
            return source
    raise SourceError(
        f"ingest.source = {path} has no form that zpoints knows. Expected CelebA's official form: "
        "a folder that holds img_align_celeba/ or img_align_celeba.zip."
    )
