"""What a store holds, for a first look at it."""

import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dask.utils import format_bytes

from zpoints.cluster.cli.options import output
from zpoints.pipeline.evaluate.merit import merits
from zpoints.pipeline.evaluate.recommendation import recommend
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.latent_space.stored import LatentStore
from zpoints.pipeline.progress import counted
from zpoints.pipeline.report.destination import page_of, report_destination
from zpoints.pipeline.report.mark import report_mark
from zpoints.storage.backend.location import Location
from zpoints.storage.overview import Content
from zpoints.storage.schema.attributes import nested
from zpoints.storage.schema.provenance import provenance_of
from zpoints.storage.text import one_line, printed
from zpoints.storage.versions import Version

SPLITS = ("train", "validation", "test")
NAMES = 5
"""Names of labels that a line lists; the others are counted."""
KINDS = {"attribute": "attribute", "category": "class label", "number": "number", "date": "date"}
"""What labels of a kind are called."""
LEFT = 11
"""Width of the names of the lines."""


@dataclass(frozen=True, kw_only=True)
class StoreInfo:
    """What a version of a store holds.

    Attributes
    ----------
    root, version, published
        The store, the id of the version, and when it was published (ISO form, UTC).
    versions
        Number of versions of the store.
    last_run
        What ran last, when its last group was published, and on which machine.
    bytes
        Size of all files below the root, which holds all versions.
    images, vectors, network, labels
        A sentence each; empty where the version has none.
    groups
        Groups in families: name, size of the arrays in bytes, and dims or names.
    outdated
        Groups that were made from others that have changed since.
    generators
        Which generator for what, a sentence each.
    report
        Place of the report; empty without one.
    imported
        Whether the vectors were made elsewhere.
    """

    root: str
    version: str
    published: str
    versions: int
    last_run: str
    bytes: int
    images: str
    vectors: str
    network: str
    labels: str
    groups: tuple[Content, ...]
    outdated: tuple[str, ...]
    generators: tuple[str, ...]
    report: str
    imported: bool

    def as_json(self) -> dict[str, Any]:
        """The same as values of JSON."""
        groups = [{"name": g.name, "bytes": int(g.bytes), "holds": g.dims} for g in self.groups]
        return {**asdict(self), "groups": groups}


def store_info(store: LatentStore) -> StoreInfo:
    """Look at a version of a store; reads labels and measures, no pixels and no vectors.

    Raises
    ------
    StoreError
        If a group cannot be read.
    """
    groups = store.groups
    latents = store.latents if "latents" in groups else None
    page, history = report_destination(None, store.root), store.history()
    measured = {name: store.quality(name) for name in store.quality_names}
    return StoreInfo(
        root=store.root,
        version=store.version,
        published=store.time.isoformat(timespec="seconds"),
        versions=len(history),
        last_run=_last_run(history, report_mark(page).get("title", "")),
        bytes=_stored_bytes(store.root),
        images=_images(store) if "images" in groups else "",
        vectors="" if latents is None else _vectors(latents),
        network=_network(store) if "model" in groups else "",
        labels=_labels(store, groups),
        groups=tuple(store.contents()),
        outdated=tuple(name for name in groups if not store.is_current(name)),
        generators=tuple(one.sentence for one in recommend(measured)) if merits(measured) else (),
        report=str(page_of(page)) if report_mark(page) else "",
        imported=latents is not None and provenance_of(latents.attrs).get("stage") == "import",
    )


def info_lines(found: StoreInfo) -> Iterator[str]:
    """The same as lines for a terminal, ending in the next commands."""
    published = found.published[:19].replace("T", " ")
    version = f"{found.version}, {published} UTC; {counted(found.versions, 'version')}"
    outdated = ", ".join(found.outdated)
    facts = {
        "Store": found.root,
        "Version": version,
        "On disk": f"{format_bytes(found.bytes)}, all versions together",
        "Images": found.images,
        "Vectors": found.vectors,
        "Labels": found.labels,
        "Network": found.network,
        "Generators": "\n".join(found.generators),
        "Outdated": outdated and f"{outdated}; the same run makes them again",
        "Last run": found.last_run,
        "Report": found.report,
    }
    for name, text in facts.items():
        if text:
            yield from _fact(name, text)
    yield ""
    yield from _groups(found.groups)
    yield ""
    yield "Next:"
    yield from (f"  {command}" for command in _next_commands(found))


def _fact(name: str, text: str) -> Iterator[str]:
    """A name and a text, which is wrapped beside it unless it is one long word, as a path is."""
    width = output.width - LEFT
    lines = [
        line
        for part in text.split("\n")
        for line in textwrap.wrap(part, width, break_long_words=False, break_on_hyphens=False)
    ]
    for number, line in enumerate(lines):
        yield f"{name if not number else '':<{LEFT}}{line}"


def _groups(groups: Sequence[Content]) -> Iterator[str]:
    width = max((len(group.name) for group in groups), default=0)
    for group in groups:
        beginning = f"  {group.name:<{width}} {format_bytes(group.bytes):>11}  "
        room = max(20, output.width - len(beginning))
        yield beginning + textwrap.shorten(group.dims, room, placeholder=" ...")


def _next_commands(found: StoreInfo) -> Iterator[str]:
    root = shlex.quote(printed(found.root))
    if found.vectors:
        yield f"zpoints explore {root}"
    if not found.report and found.vectors:
        yield f"zpoints report {root}"
    if found.outdated or not found.vectors:
        yield f"zpoints {'import VECTORS' if found.imported else 'run CONFIG'} --root {root}"
    yield f"zpoints history {root}"
    if found.generators:
        name = found.generators[-1].split(": ", 1)[1].split(" ", 1)[0]
        form = "png" if found.network else "npy"
        yield f"zpoints export {root} samples/{name} {name} --as {form}"


def _last_run(history: Sequence[Version], title: str) -> str:
    if not history:
        return ""
    last = history[0]
    what = f"{title}, " if title else ""
    host = f" on {last.metadata['host']}" if last.metadata.get("host") else ""
    group = last.metadata.get("group", last.stage)
    return one_line(f"{what}{last.time:%Y-%m-%d %H:%M} UTC{host}, up to {group}")


def _images(store: LatentStore) -> str:
    pixels = store.images["pixels"]
    count, height, width, channels = pixels.shape
    made = provenance_of(store.images.attrs)
    left = int(made.get("quarantined") or 0)
    colour = "colour" if channels == 3 else "grey" if channels == 1 else f"{channels} channels"
    aside = f"; {left:,} unreadable" if left else ""
    return f"{count:,} of {width} x {height} pixels, {colour}{_splits(store.images)}{aside}"


def _splits(group: Any) -> str:
    if "checksum" not in group.coords and "split" not in group.coords:
        return ""
    given = Labels(group).splits
    counts = {name: int((given == name).sum()) for name in SPLITS}
    return f" ({', '.join(f'{count:,} {name}' for name, count in counts.items() if count)})"


def _vectors(latents: Any) -> str:
    made = provenance_of(latents.attrs)
    count, width = latents["z"].shape
    origin = f", imported from a {made['form']}" if made.get("form") else ""
    return f"{count:,} of {width} components{one_line(origin)}"


def _network(store: LatentStore) -> str:
    attrs = store.model.attrs
    built: Mapping[str, Any] = nested(attrs, "architecture")
    parts = [
        f"case {built['case']}" if built.get("case") else "a network of your own",
        f"{built.get('z_dim', '?')} components",
    ]
    if "validation_loss" in store.model:
        losses = store.model["validation_loss"].values
        if len(losses) and np.isfinite(losses[-1]):
            parts.append(f"{counted(len(losses), 'epoch')}, validation loss {losses[-1]:.4f}")
    return one_line(", ".join(parts))


def _labels(store: LatentStore, groups: Sequence[str]) -> str:
    group = next((name for name in ("latents", "images") if name in groups), None)
    if group is None:
        return ""
    labels = Labels(store.group(group))
    kinds: dict[str, list[str]] = {"attribute": list(labels.names)}
    for column in labels.columns:
        kinds.setdefault(column.kind, []).append(column.name)
    parts = []
    for kind, names in kinds.items():
        if names:
            shown = ", ".join(map(one_line, names[:NAMES]))
            more = ", ..." if len(names) > NAMES else ""
            parts.append(f"{counted(len(names), KINDS[kind])} ({shown}{more})")
    return ", ".join(parts)


def _stored_bytes(root: str) -> int:
    """Size of the files below a root."""
    location = Location.of(root)
    if location.is_local:
        return sum(path.stat().st_size for path in Path(root).rglob("*") if path.is_file())
    return location.bucket.size(location.prefix)
