"""Exports a group in any form."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from zpoints.extras import require
from zpoints.storage.errors import ExportError, instead
from zpoints.storage.export.pictures import export_images, export_sheets
from zpoints.storage.export.zarr import export_group
from zpoints.storage.store import Store

ExportForm = Literal["zarr", "parquet", "csv", "npy", "png", "jpeg"]
PICTURES: tuple[ExportForm, ...] = ("png", "jpeg")
"""The forms of images as picture files."""
SHEET = ("columns", "rows")
"""What describes a contact sheet."""


def export(
    store: Store,
    group: str,
    destination: str | os.PathLike[str],
    *,
    form: ExportForm = "zarr",
    overwrite: bool = False,
    sheet: Mapping[str, int] | None = None,
    on_progress: Callable[[int, int], object] = lambda done, total: None,
) -> Path:
    """Write a group to a new folder on this machine, a chunk at a time.

    Parameters
    ----------
    store
        The version to export from.
    group
        Name of the group, e.g. `latents` or `samples/ellipse`.
    destination
        A new folder, which appears when it is complete.
    form
        "zarr" (`export_group`), "parquet" or "csv" (`export_tables`), "npy" (`export_npy`), "png"
        or "jpeg" (`export_images`).
    overwrite
        Whether an earlier export may be replaced.
    sheet
        `columns` and `rows` of contact sheets (`export_sheets`) instead of a picture per image, for
        "png" and "jpeg".
    on_progress
        Called with what is written, rows or images, and with its total; not for "zarr".

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    StoreNotFoundError
        If the store has no such group.
    ExportError
        If the form is unknown or does not suit the group, `sheet` does not suit the form, or
        `destination` is a URL or exists and may not be replaced.
    """
    if form not in (known := get_args(ExportForm)):
        raise ExportError(f"Unknown form of an export {form!r}; {instead(form, known)}.")
    if sheet is not None:
        _check_sheet(sheet, form)
    if form == "zarr":
        return export_group(store, group, destination, overwrite=overwrite)
    require("analyze")  # for pyarrow, which writes the table beside the pictures as well
    from zpoints.storage.export.tables import export_npy, export_tables

    writers: dict[str, Callable[..., Path]] = {
        "parquet": partial(export_tables, form="parquet"),
        "csv": partial(export_tables, form="csv"),
        "npy": export_npy,
        **{name: partial(_pictures(sheet), form=name) for name in PICTURES},
    }
    return writers[form](store, group, destination, overwrite=overwrite, on_progress=on_progress)


def _check_sheet(sheet: Mapping[str, Any], form: ExportForm) -> None:
    if form not in PICTURES:
        raise ExportError(
            f"The form {form!r} has no contact sheets, but sheet = {dict(sheet)} was given; "
            f"expected one of {', '.join(PICTURES)}. Leave sheet out, or choose one of these."
        )
    if unknown := set(sheet) - set(SHEET):
        raise ExportError(
            f"sheet has {', '.join(map(repr, sorted(unknown)))}; expected numbers of images as "
            f"{' and '.join(SHEET)}."
        )


def _pictures(sheet: Mapping[str, Any] | None) -> Callable[..., Path]:
    return export_images if sheet is None else partial(export_sheets, **sheet)
