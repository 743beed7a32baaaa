"""The chooser of the store's version."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import panel as pn

from zpoints.pipeline.errors import ExploreError
from zpoints.pipeline.explore.panes.elements import FIELD, WIDTH, error_html, html, note_html
from zpoints.pipeline.explore.panes.work import Work, spinner
from zpoints.pipeline.explore.plane import PlanePane
from zpoints.pipeline.explore.points import Points
from zpoints.pipeline.explore.state import View, computed
from zpoints.storage import Store

OPENED = 3
"""Versions whose points are kept."""
MOST = 200
"""Newest versions that are offered."""


def versions_pane(view: View, plane: PlanePane) -> Any:
    """The versions of the store, newest first; None for arrays in memory.

    Parameters
    ----------
    view
        The page's view; choosing a version sets its `version` and its `points`.
    plane
        Not used.
    """
    first = view.space
    if not isinstance(first, Store):
        return None
    titles = version_titles(first)
    opened = view.version or first.version
    chooser = pn.widgets.Select(
        label="Version",
        options={title: identity for identity, title in titles.items()},
        value=opened if opened in titles else first.version,
        sizing_mode=WIDTH,
        css_classes=["version"],
        **FIELD,
    )
    waiting, message = spinner(), html()

    def show(points: Points) -> None:
        shown = points.space.version
        message.object = (
            ""
            if shown == first.version
            else note_html(f"Version {shown[:8]} is shown, with {points.count:,} vectors.")
        )
        if points is not view.points:
            view.points = points

    def fail(text: str) -> None:
        message.object = error_html(text)

    def compute(identity: str) -> Points:
        current: Any = view.points.space
        if identity in ("", current.version):
            return view.points
        kind: Any = type(first)
        found = points_of(kind, first.root, identity, getattr(first, "_code", ()))
        computed(view.known_by(found))  # here, so that the page need not wait for it
        return found

    work = Work(compute, show, fail, waiting)
    chooser.param.watch(
        lambda event: view.param.update(version="" if event.new == first.version else event.new),
        "value",
    )

    def choose(*events: Any) -> None:
        wanted = view.version or first.version
        if wanted in titles:
            chooser.value = wanted
        work.ask(wanted)

    view.param.watch(choose, "version")
    choose()
    return pn.Column(pn.Row(chooser, waiting), message, sizing_mode=WIDTH)


def version_titles(store: Store) -> dict[str, str]:
    """Time, stage and id of each version by its id, newest first, with the one that is open."""
    found = {
        version.id: f"{version.time:%Y-%m-%d %H:%M:%S} {version.stage}, {version.id[:8]}"
        for version in store.history()[:MOST]
    }
    return found if store.version in found else {store.version: store.version[:8], **found}


@lru_cache(maxsize=OPENED)
def points_of(kind: Any, root: str, version: str, code: tuple[str, ...]) -> Points:
    """The points of a version; the last few are kept.

    Parameters
    ----------
    kind
        The class that opens stores.
    root, version
        The store.
    code
        Names of the classes and functions that the user names for the network.

    Raises
    ------
    ExploreError
        If the version has no latent vectors with statistics.
    """
    store = kind.open(root, version=version, network=",".join(code) or None)
    missing = {"latents", "statistics"} - set(store.groups)
    if missing:
        raise ExploreError(
            f"Version {version[:8]} has no {' and no '.join(sorted(missing))}; expected one that "
            "was published after analyze. Choose a newer version."
        )
    try:
        return Points(store)
    except KeyError as error:
        raise ExploreError(
            f"Version {version[:8]} cannot be shown, since its statistics have no {error}. Choose "
            "a newer version."
        ) from None
