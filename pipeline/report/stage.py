"""The report as a stage: the whole store in, a folder with one HTML page and its figures out."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.config import RunConfig
from pipeline.decode import decode_latents
from pipeline.report.inputs import StageTiming
from storage import Store

MARK = "report.json"
PAGE = "index.html"


def report_settings(config: RunConfig, *, title: str) -> dict[str, Any]:
    """The JSON values that decide what the report looks like, beside the store itself."""
    settings = config.report.model_dump(mode="json", exclude={"folder"})
    return {**settings, "title": title}


def report_fingerprint(folder: Path) -> str | None:
    """The fingerprint of the report that lies in ``folder``; None where there is none."""
    mark = folder / MARK
    if not (mark.is_file() and (folder / PAGE).is_file()):
        return None
    fingerprint: str = json.loads(mark.read_text())["fingerprint"]
    return fingerprint


def write(config: RunConfig, store: Store, folder: Path, *, title: str, fingerprint: str) -> None:
    """Write the report of a store, and last the mark that it is whole."""
    from pipeline.report.page import write_report  # Matplotlib: not for runs that are up to date

    (folder / MARK).unlink(missing_ok=True)
    write_report(
        folder,
        store,
        config=config.report,
        title=title,
        timings=stage_timings(store),
        reconstruct=partial(decode_latents, store.model),
    )
    mark = {"fingerprint": fingerprint, "version": store.version}
    (folder / MARK).write_text(json.dumps(mark) + "\n")


def stage_timings(store: Store) -> list[StageTiming]:
    """How long the newest run of each group's stage took, in the order in which they ran."""
    newest: dict[str, Mapping[str, Any]] = {}
    for version in store.history():
        group = version.metadata.get("group")
        if group in store.groups:
            newest.setdefault(group, version.metadata)
    return [
        StageTiming(
            stage=group if metadata["stage"] == "sample" else str(metadata["stage"]),
            seconds=float(metadata["duration"]),
            rows=int(metadata["rows"]),
        )
        for group, metadata in reversed(newest.items())
    ]
