"""A situation in which a user gives commands, and what is expected of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from tests.pipeline.ingest.photographs import small
from zpoints.pipeline.ingest.images import decode_photograph
from zpoints.pipeline.labels import Labels
from zpoints.storage import open_store
from zpoints.storage.errors import StoreNotFoundError

SIDE = 32
KNOWN = 10
"""Number of photographs that descriptions tell apart, see `small`."""
INGEST = ("--until", "ingest", "--set", f"ingest.side={SIDE}", "--set", "ingest.crop=null")
Command = list[object]
Files = Mapping[str, bytes | str]


@dataclass(frozen=True)
class Place:
    """Where a situation happens.

    Attributes
    ----------
    folder
        Working folder, empty at first.
    patch
        Changes the environment for this situation alone.
    request
        Gives fixtures that few situations need: a bucket, the store of a small run.
    """

    folder: Path
    patch: pytest.MonkeyPatch
    request: pytest.FixtureRequest

    def write(self, files: Files) -> None:
        """Write files, by their path in the working folder."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def given(self, name: str) -> Any:
        """The value of a fixture."""
        return self.request.getfixturevalue(name)


Commands = Callable[[Place], Iterable[Command]]


@dataclass(frozen=True)
class Situation:
    """One row of the table.

    Attributes
    ----------
    name
        What is unusual.
    commands
        Prepares the place, and gives one command after the other.
    stored
        What the store `store` of the place then holds, see `described`; None if nothing.
    messages
        Parts of what the last command prints.
    code
        Its exit code.
    describe
        Describes what is stored.
    encoding
        That of the terminal.
    slow
        Whether the commands train or compute for seconds.
    """

    name: str
    commands: Commands
    stored: str | None
    messages: tuple[str, ...]
    code: int
    describe: Callable[[Place], str | None] = field(default=lambda place: described(place))
    encoding: str = "utf-8"
    slow: bool = False


def ingest(source: str = "faces", *settings: str, root: str = "store") -> Command:
    """Ingest a source."""
    options = [word for setting in settings for word in ("--set", setting)]
    return ["run", "demo", "--root", root, *INGEST, "--set", f"ingest.source={source}", *options]


def folder(files: Files, *settings: str) -> Commands:
    """Ingest a folder with these files."""

    def commands(place: Place) -> list[Command]:
        place.write({f"faces/{name}": content for name, content in files.items()})
        return [ingest("faces", *settings)]

    return commands


def described(place: Place) -> str | None:
    """The photographs of the store by name, each with its number and its true and -false labels.

    The number is that of the photograph `small` whose pixels are stored. Photographs that were left
    out as unreadable follow as !name.
    """
    images = _images(place)
    if images is None:
        return None
    labels = Labels(images)
    names = images["image"].values.tolist()
    rows = []
    for row, (name, image) in enumerate(zip(names, images["pixels"].values, strict=True)):
        parts = [f"{name}={_number(image)}"]
        if labels.annotated[row]:
            values = zip(labels.names, labels.values[row], strict=True)
            parts += [label if value else f"-{label}" for label, value in values]
        rows.append(" ".join(parts))
    left_out = images["quarantined"].values.tolist() if "quarantined" in images.variables else []
    return ", ".join([*rows, *(f"!{name}" for name in left_out)])


def with_splits(place: Place) -> str | None:
    """The photographs, each with its split last."""
    images, found = _images(place), described(place)
    if images is None or found is None:
        return None
    splits = zip(found.split(", "), Labels(images).splits, strict=True)
    return ", ".join(f"{row} {split}" for row, split in splits)


def _images(place: Place) -> xr.Dataset | None:
    try:
        store = open_store(place.folder / "store")
    except StoreNotFoundError:
        return None
    return store.images if store.groups else None


def _number(image: np.ndarray) -> int | str:
    """Number of the photograph that was stored."""
    for number in range(KNOWN):
        expected = decode_photograph(small(number), crop=None, side=SIDE, channels=3)
        if np.abs(expected.astype(int) - image).mean() < 2:
            return number
    return "?"
