"""Buttons that download a selection."""

from __future__ import annotations

from typing import Any

import panel as pn

from zpoints.pipeline.explore.panes.elements import (
    WIDTH,
    download,
    folded_code_html,
    html,
    note_html,
)
from zpoints.pipeline.explore.selection.downloads import (
    npy_file,
    png_archive,
    png_sheet,
    vectors_csv,
)
from zpoints.pipeline.explore.selection.gathered import Gathered
from zpoints.pipeline.explore.selection.pictures import photographs, spaced, step_of
from zpoints.pipeline.explore.selection.subset import NAMES_FILE, Subset

SENT = 8 * 2**20
"""Bytes of vectors that a page sends at most; Python writes more."""
ARCHIVED = 500
"""Photographs of an archive at most."""


class Downloads:
    """Files of one selection, each made when its button is clicked."""

    def __init__(self) -> None:
        self._subset: Subset | None = None
        self._gathered: Gathered | None = None
        self._remark = html()
        self._vectors = [
            download("Vectors .npy", "selection.npy", lambda: npy_file(self._latents["z"].values)),
            download("Vectors .csv", "selection.csv", lambda: vectors_csv(self._latents)),
        ]
        names = download("Names .npy", NAMES_FILE, lambda: npy_file(self._names))
        self._pictures = [
            download("Sheet .png", "selection.png", self._sheet),
            download("Photographs .zip", "selection.zip", self._archive),
        ]
        buttons = pn.FlexBox(*self._vectors, names, *self._pictures)
        self.column = pn.Column(buttons, self._remark, sizing_mode=WIDTH)

    def offer(self, subset: Subset, gathered: Gathered) -> None:
        """Offer the files of another selection.

        Parameters
        ----------
        subset, gathered
            The selection.
        """
        self._subset, self._gathered = subset, gathered
        many = len(subset.rows) * subset.space.latents["z"].shape[1] * 4 > SENT
        for button in self._vectors:
            button.disabled = many
        for button in self._pictures:
            button.visible = bool(gathered.sheet)
        remarks = []
        if many:
            code = f'{subset.code}\nnp.save("selection.npy", picked.z)'
            if "import numpy" not in code:
                code = f"import numpy as np\n{code}"
            remarks.append(note_html("These are too many vectors for a page; Python writes them."))
            remarks.append(folded_code_html(code, "Write them in Python"))
        if gathered.sheet and gathered.count > ARCHIVED:
            step = step_of(gathered.count, ARCHIVED)
            held = len(range(0, gathered.count, step))
            remarks.append(note_html(f"The archive holds {held} photographs, one in {step}."))
        self._remark.object = "".join(remarks)

    @property
    def _latents(self) -> Any:
        return self._offered.latents

    @property
    def _names(self) -> list[str]:
        return self._offered.names

    def _sheet(self) -> bytes:
        return png_sheet(list(self._gathered.sheet.values())) if self._gathered else b""

    def _archive(self) -> bytes:
        subset = self._offered
        return png_archive(photographs(subset.space, spaced(subset.names, ARCHIVED)))

    @property
    def _offered(self) -> Subset:
        if self._subset is None:
            raise LookupError("Nothing is selected.")
        return self._subset
