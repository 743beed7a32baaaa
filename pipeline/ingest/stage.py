"""The graph of the ingest: one task per chunk of photographs."""

from functools import partial
from pathlib import Path

import dask.array as da
import numpy as np
import xarray as xr

from pipeline.config import ConfigError
from pipeline.ingest.celeba import LANDMARKS
from pipeline.ingest.config import IngestConfig
from pipeline.ingest.forms import open_source
from pipeline.ingest.images import read_block
from pipeline.ingest.source import Source, limited
from pipeline.stage import StageRun, chunk_bounds
from storage import Block

GROUP = "images"


def configured_source(config: IngestConfig) -> Source:
    """The photographs that the configuration names.

    Raises
    ------
    ConfigError
        If the configuration names none, or nothing that exists.
    SourceError
        If they cannot be read.
    """
    if config.source is None:
        raise ConfigError(
            "ingest.source is not set. Expected the folder of the photographs, e.g. "
            "--set ingest.source=CelebA. (zpoints demo draws its own.)"
        )
    path = Path(config.source).expanduser()
    if not path.exists():
        raise ConfigError(
            f"ingest.source = {path} does not exist. Expected the folder of the photographs."
        )
    return limited(open_source(path), config.limit)


def ingest(run: StageRun, *, source: Source) -> int:
    """Read the photographs into ``images``; returns how many."""
    config = run.config.ingest
    run.console.line(f"{source.form} form: {source.why}, {len(source.names):,} photographs.")
    for note in source.notes:
        run.console.line(note)
    run.work.create(
        GROUP, _template(source, config), attrs={"source_form": source.form, "crop": config.crop}
    )
    count = len(source.names)
    read = partial(
        read_block,
        source.files,
        crop=config.crop,
        side=config.side,
        channels=config.channels,
    )
    blocks = [
        Block(start, stop, partial(read, source.names[start:stop]))
        for start, stop in chunk_bounds(count, config.chunk)
    ]
    with run.console.bar("ingest", total=count, unit="images") as advance:
        run.work.write_chunks(GROUP, blocks, on_progress=lambda rows: advance(rows, ""))
    return count


def _template(source: Source, config: IngestConfig) -> xr.Dataset:
    """The group's metadata and labels; pixels and checksums are left to the tasks."""
    count = len(source.names)
    shape = (count, config.side, config.side, config.channels)
    pixels = da.zeros(shape, dtype=np.uint8, chunks=(config.chunk, *shape[1:]))
    labels: dict[str, tuple] = {
        str(name): ("image", column.to_numpy()) for name, column in source.labels.items()
    }
    labels["name"] = ("image", np.array(source.names, dtype=object))
    labels["checksum"] = ("image", da.zeros(count, dtype=np.uint64, chunks=config.chunk))
    if source.landmarks is not None:
        labels["landmarks"] = (("image", "landmark", "axis"), source.landmarks)
        labels["landmark"] = ("landmark", list(LANDMARKS))
        labels["axis"] = ("axis", ["x", "y"])
    return xr.Dataset({"image": (("image", "y", "x", "channel"), pixels)}, coords=labels)
