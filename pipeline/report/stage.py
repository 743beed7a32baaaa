"""The report as a stage: reads the whole store, writes a folder with a page and its figures."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from zpoints.pipeline.fingerprint import settings_for_fingerprint
from zpoints.pipeline.network.decode import decode_latents
from zpoints.pipeline.progress import Console
from zpoints.pipeline.report.config import ReportConfig
from zpoints.pipeline.report.destination import Destination, writing_to
from zpoints.pipeline.report.inputs import Reconstruct, StageTiming
from zpoints.storage import Store, StoreError
from zpoints.storage.schema.provenance import were_imported

GROUPS = ("latents", "statistics")
"""Groups that every report needs; current latents have what they were made from."""

FOR_ANY_DATA = ("folder", "vectors")
"""Presets whose names do not tell one report from another."""


def report_settings(config: ReportConfig, *, title: str) -> dict[str, Any]:
    """JSON values that decide, together with the store, what the report looks like."""
    return {"report": settings_for_fingerprint(config), "title": title}


def write(
    config: ReportConfig,
    store: Store,
    destination: Destination,
    *,
    title: str,
    fingerprint: str | None = None,
    code: tuple[str, ...] = (),
    console: Console,
) -> None:
    """Write the report of a store to a folder or a bucket, over an earlier one if there is one.

    Parameters
    ----------
    config
        The section `report`.
    store
        The store.
    destination
        Folder, or URL of a prefix in a bucket.
    title
        Heading of the page.
    fingerprint
        Fingerprint of the report, kept in the mark; None for a report outside a run.
    code
        As in `StageRun`.
    console
        Shows how many figures and tables are done.

    Raises
    ------
    ConfigError
        If the destination holds anything but an earlier report.
    StoreError
        If a group is missing or outdated.
    """
    # Imported here, since a run that is up to date does not need Matplotlib.
    from zpoints.pipeline.report.page.render import write_report

    for group in GROUPS:
        if not store.is_current(group):
            raise StoreError(
                f"The report needs the group {group} of {store.root}, which is missing or "
                f"outdated. Run: {store.made_by}"
            )
    mark: dict[str, Any] = {"fingerprint": fingerprint, "version": store.version}
    mark |= report_settings(config, title=title)
    with writing_to(destination, mark) as folder:
        write_report(
            folder,
            store,
            config=config,
            title=heading(title, store.root),
            timings=stage_timings(store),
            reconstruct=_decoder(store, code),
            console=console,
        )


def heading(title: str, root: str) -> str:
    """Heading of the page: the store's name where the title is that of a preset for any data.

    Examples
    --------
    >>> heading("folder", "s3://bucket/shapes/"), heading("celeba-case-1", "runs/celeba")
    ('shapes', 'celeba-case-1')
    """
    return (Path(root).name or title) if title in FOR_ANY_DATA else title


def _decoder(store: Store, code: tuple[str, ...]) -> Reconstruct | None:
    """The network of a store; None where there is none."""
    if were_imported(store.latents):
        return None
    return partial(decode_latents, store.model, network=",".join(code))


def stage_timings(store: Store) -> list[StageTiming]:
    """Time of the newest run of each group's stage, in the order in which they ran."""
    newest: dict[str, Mapping[str, Any]] = {}
    for version in store.history():
        group, facts = version.metadata.get("group"), version.metadata
        timed = all(isinstance(facts.get(name), int | float) for name in ("duration", "rows"))
        if timed and isinstance(group, str) and store.is_current(group):
            newest.setdefault(group, facts)
    return [
        StageTiming(
            stage=group if metadata["stage"] in ("sample", "evaluate") else str(metadata["stage"]),
            seconds=float(metadata["duration"]),
            rows=int(metadata["rows"]),
        )
        for group, metadata in reversed(newest.items())
    ]
