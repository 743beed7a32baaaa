"""The training log `csv`: a file with a row per epoch, which pandas and spreadsheets read."""

import csv
import math
import os
from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import datetime
from io import StringIO
from pathlib import Path

from zpoints.pipeline.parts.training_log import Epoch, Outcome, Training
from zpoints.storage.text import printed

FILE = "training.csv"
HEADER = [field.name for field in fields(Epoch)]
RESULTS = HEADER.index("images_per_second")
"""Number of leading columns that a repeated epoch has in common."""


class CsvLog:
    """Appends a row at a time, so that readers find whole rows only.

    A resumed training keeps its rows from before the interruption, also of an epoch that it ends a
    second time: they alone have its rate and time.
    """

    _path: Path
    _stored: dict[int, list[str]]

    def begin(self, training: Training, finished: Sequence[Epoch]) -> str:
        """Write the header and the rows of finished epochs."""
        self._path = training.folder / FILE
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._stored = stored_rows(self._path) if training.resumed else {}
        rows = [self._row(epoch) for epoch in finished]
        unfinished = self._path.with_name(f"{FILE}.part")
        unfinished.write_text(_text([HEADER, *rows]), encoding="utf-8", newline="")
        unfinished.replace(self._path)
        return printed(str(self._path))

    def record(self, epoch: Epoch) -> None:
        """Append a row by one write."""
        row = _text([self._row(epoch)]).encode()
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        try:
            if os.write(file, row) < len(row):
                raise OSError(f"{self._path} took a part of a row only")
        finally:
            os.close(file)

    def end(self, outcome: Outcome) -> None:
        """Leave the file as it is."""

    def _row(self, epoch: Epoch) -> list[str]:
        row = [_cell(value) for value in astuple(epoch)]
        stored = self._stored.get(epoch.epoch)
        return stored if stored and stored[:RESULTS] == row[:RESULTS] else row


def stored_rows(path: Path) -> dict[int, list[str]]:
    """Rows of a log by epoch, without a row that a crash cut off; none if it is not a log."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    header, *rows = csv.reader(StringIO(text[: text.rfind("\n") + 1])) if "\n" in text else [[]]
    if header != HEADER:
        return {}
    return {int(row[0]): row for row in rows if len(row) == len(HEADER) and row[0].isdecimal()}


def _cell(value: float | datetime | None) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else repr(value)


def _text(rows: Sequence[Sequence[str]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
