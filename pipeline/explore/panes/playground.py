"""The playground: two generators side by side, each with 24 images and their measures."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from zpoints.pipeline.explore.generation.drawing import (
    DRAWN,
    STORED_MEASURES,
    Measured,
    Setting,
    decoded,
    draw_setting,
    measure,
    setting_code,
    stored_quality,
)
from zpoints.pipeline.explore.generation.offered import SIDES, Offered, offered_by
from zpoints.pipeline.explore.panes.elements import (
    FIELD,
    WIDTH,
    button,
    download,
    error_html,
    flexible,
    folded_code_html,
    gallery,
    html,
    note_html,
    table_html,
)
from zpoints.pipeline.explore.panes.law_form import LawForm
from zpoints.pipeline.explore.panes.work import Work, spinner
from zpoints.pipeline.explore.plane import PlanePane
from zpoints.pipeline.explore.selection.downloads import (
    drawn_name,
    npy_file,
    png_archive,
    png_sheet,
    vectors_csv,
)
from zpoints.pipeline.explore.state import View
from zpoints.storage.errors import ZpointsError


def playground_pane(view: View, plane: PlanePane) -> Any:
    """Two generators with a seed in common.

    Parameters
    ----------
    view
        The page's view; its `seed` and `settings` have the state.
    plane
        Not used.
    """
    sides = pn.FlexBox(css_classes=["sides"], sizing_mode=WIDTH, gap="8px 36px")
    seed = pn.widgets.IntInput.from_param(view.param.seed, label="Seed", width=100, **FIELD)
    other = button("Another seed", "reseed")
    filtered = pn.widgets.Checkbox(
        label="Fit to the filter only",
        value=bool(view.settings.get("fitted")),
        **{**FIELD, "margin": (8, 0)},
    )
    waiting, message = spinner(), html()
    shown: list[Side] = []

    def reseed(event: Any) -> None:
        view.seed += 1

    def again(*events: Any) -> None:
        for side in shown:
            side.draw()

    def fit(event: Any) -> None:
        view.settings = {**view.settings, "fitted": event.new}
        again()

    def refit(*events: Any) -> None:
        if filtered.value:
            again()

    def build(offered: Offered) -> None:
        message.object = ""
        shown[:] = [Side(view, name, offered) for name in SIDES]
        sides[:] = [side.column for side in shown]
        again()

    def fail(text: str) -> None:
        message.object = error_html(text)

    work = Work(offered_by, build, fail, waiting)

    def offer(*events: Any) -> None:
        work.ask(view.space)

    other.on_click(reseed)
    filtered.param.watch(fit, "value")
    view.param.watch(again, "seed")
    view.param.watch(refit, "shown")
    view.param.watch(offer, "points")
    offer()
    return pn.Column(
        pn.FlexBox(seed, other, filtered, waiting, align_items="end"),
        message,
        sides,
        sizing_mode=WIDTH,
    )


class Side:
    """One generator of the playground: form, images, measures, downloads.

    Parameters
    ----------
    view
        The page's view.
    name
        `left` or `right`, the key of its state in `View.settings`.
    offered
        What may be chosen.
    """

    def __init__(self, view: View, name: str, offered: Offered) -> None:
        self.view, self.name, self._offered = view, name, offered
        kept = dict(view.settings.get(name, {}))
        title = str(kept.get("generator", "")) or (view.generator if name == "left" else "")
        self.form = LawForm(
            view.space, offered.settings, title or offered.first[name], kept.get("parameters"),
            self._changed,
        )  # fmt: skip
        self._waiting, self._message, self._measures = spinner(), html(), html()
        self.images = gallery("drawn", wide=8)
        self._z: Any = None
        self._pixels: Any = None
        self._files, self._picture_files = self._downloads()
        self._work = Work(self._drawn, self._show, self._fail, self._waiting)
        self.column = pn.Column(
            self.form.column, self._waiting, self._message, self.images, self._measures,
            self._files, css_classes=["side", name], sizing_mode=WIDTH,
            styles=flexible(360),
        )  # fmt: skip

    def draw(self) -> None:
        """Draw again, off the loop that serves the page."""
        view = self.view
        where = view.filter.strip() if view.settings.get("fitted") else None
        try:
            self._work.ask(self.form.setting(view.seed, where or None))
        except ZpointsError as error:
            self._fail(str(error))

    def _changed(self) -> None:
        try:
            state: dict[str, Any] = {"generator": self.form.title}
            state["parameters"] = self.form.parameters
        except ZpointsError as error:
            self._fail(str(error))
            return
        self.view.settings = {**self.view.settings, self.name: state}
        if self.name == "left":
            self.view.generator = self.form.title
        self.draw()

    def _drawn(self, setting: Setting) -> tuple[Any, ...]:
        space = self.view.space
        z = draw_setting(space, setting).z.values
        return (
            setting, z, decoded(space, z), measure(space, z), stored_quality(space, setting),
        )  # fmt: skip

    def _show(self, found: tuple[Any, ...]) -> None:
        setting, self._z, self._pixels, measures, stored = found
        self._files.visible = True
        name = drawn_name(setting.generator, len(self._z), setting.seed)
        for file in self._files:
            file.filename = f"{name}.{file.filename.rsplit('.', 1)[-1]}"
        for file in self._picture_files:
            file.visible = self._pixels is not None
        self._message.object = ""
        self.images.fill([] if self._pixels is None else list(self._pixels))
        remark = "" if self._pixels is not None else note_html("No network decodes these vectors.")
        self._measures.object = (
            remark
            + measures_html(measures)
            + stored_html(stored, self._offered.recommended)
            + folded_code_html(setting_code(self.view.space, setting))
        )

    def _fail(self, text: str) -> None:
        self._message.object, self._measures.object = error_html(text), ""
        self.images.pictures, self._files.visible = [], False

    def _downloads(self) -> tuple[Any, list[Any]]:
        """Buttons in a row, hidden until there is something, and those of them for pictures."""

        def images() -> list[Any]:
            return [] if self._pixels is None else list(self._pixels)

        def vectors() -> xr.Dataset:
            return xr.Dataset({"z": (("sample", "component"), self._z)})

        files = [
            ("Vectors .npy", "npy", lambda: npy_file(self._z)),
            ("Vectors .csv", "csv", lambda: vectors_csv(vectors())),
            ("Sheet .png", "png", lambda: png_sheet(images())),
            (
                "Images .zip",
                "zip",
                lambda: png_archive({f"{i}.png": p for i, p in enumerate(images())}),
            ),
        ]
        buttons = [download(label, f"drawn.{suffix}", make) for label, suffix, make in files]
        return pn.FlexBox(*buttons, visible=False), buttons[2:]


def measures_html(measures: list[Measured]) -> str:
    """Measures of a draw beside those of stored vectors, with how to read them."""
    rows = [(m.name, _rounded(m.value), _rounded(m.reference)) for m in measures]
    meanings = "; ".join(f"{m.name}: {m.meaning}" for m in measures)
    table = table_html(("measure", f"{DRAWN} drawn", f"{DRAWN} stored vectors"), rows)
    return f"{table}<details><summary>How to read them</summary>{note_html(meanings)}</details>"


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def stored_html(stored: Any, recommended: str) -> str:
    """Measures that the store holds of the same generator, and whether they recommend it."""
    if stored is None:
        return note_html("The store holds no evaluation of these settings.")
    found = [
        f"{name.replace('_', ' ')} {float(stored[name]):.3g}"
        for name in STORED_MEASURES
        if name in stored and np.isfinite(float(stored[name]))
    ]
    best = f"{stored.name} (stored)" == recommended
    return note_html(
        f"Evaluated by the run as {stored.name}: {', '.join(found) or 'no measures'}."
        + (" By these measures it is the best of both, clean and diverse." if best else "")
    )
