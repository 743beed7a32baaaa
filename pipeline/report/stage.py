"""The report as a stage: the whole store in, a folder with one HTML page and its figures out."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from zpoints.pipeline.fingerprint import settings_for_fingerprint
from zpoints.pipeline.network.decode import decode_latents
from zpoints.pipeline.report.config import ReportConfig
from zpoints.pipeline.report.destination import MARK, ReportPlace, mark_of, writing_to
from zpoints.pipeline.report.inputs import StageTiming
from zpoints.storage import Store, StoreError

GROUPS = ("images", "model", "latents", "statistics")


def report_settings(config: ReportConfig, *, title: str) -> dict[str, Any]:
    """The JSON values that decide what the report looks like, beside the store itself."""
    return {"report": settings_for_fingerprint(config), "title": title}


def report_mark(place: ReportPlace) -> dict[str, Any]:
    """What the last report in a place was made of: fingerprint, version, settings, title.

    Empty where there is none, or only a part of one.
    """
    try:
        content: dict[str, Any] = json.loads(mark_of(place) or b"{}")
    except ValueError:  # a disk that was full
        return {}
    return content


def write(
    config: ReportConfig,
    store: Store,
    place: ReportPlace,
    *,
    title: str,
    fingerprint: str | None = None,
) -> None:
    """Write the report of a store to a folder or a bucket, and last the mark that it is whole.

    Raises
    ------
    StoreError
        If a group is missing, or was made from another version of what it was made from.
    """
    from zpoints.pipeline.report.page.render import (
        write_report,  # Matplotlib: not for runs that are up to date
    )

    for group in GROUPS:
        if not store.is_current(group):
            raise StoreError(
                f"The {group} of {store.root} are missing or belong to an older version of what "
                f"they were made from. Run: zpoints run CONFIG --root {store.root}"
            )
    mark = {"fingerprint": fingerprint, "version": store.version}
    content = json.dumps({**mark, **report_settings(config, title=title)}, indent=2)
    with writing_to(place) as folder:
        (folder / MARK).unlink(missing_ok=True)
        write_report(
            folder,
            store,
            config=config,
            title=title,
            timings=stage_timings(store),
            reconstruct=partial(decode_latents, store.model),
        )
        (folder / MARK).write_text(content + "\n")


def stage_timings(store: Store) -> list[StageTiming]:
    """How long the newest run of each group's stage took, in the order in which they ran."""
    newest: dict[str, Mapping[str, Any]] = {}
    for version in store.history():
        group = version.metadata.get("group")
        if group is not None and store.is_current(group):
            newest.setdefault(group, version.metadata)
    return [
        StageTiming(
            stage=group if metadata["stage"] in ("sample", "evaluate") else str(metadata["stage"]),
            seconds=float(metadata["duration"]),
            rows=int(metadata["rows"]),
        )
        for group, metadata in reversed(newest.items())
    ]
