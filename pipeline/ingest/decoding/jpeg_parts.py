"""A JPEG file in parts: headers without the faults that cost no pixel, and coded data."""

from dataclasses import dataclass

from zpoints.pipeline.ingest.decoding.jpeg_frame import (
    ARITHMETIC,
    BASELINE_OR_EXTENDED,
    BLOCK,
    Frame,
)
from zpoints.pipeline.ingest.decoding.jpeg_segments import (
    COMMENTS,
    END,
    FRAMES,
    RESTARTS,
    SCAN,
    START,
    segments,
)

RESTART_INTERVAL = 0xDD
JFIF, ADOBE = 0xE0, 0xEE
JFIF_MAJOR, ADOBE_TRANSFORM = 7, 13
"""Positions in the bodies of these segments."""
MOST_HEIGHT = 65_500
"""Pixels that libjpeg decodes."""
WHOLE_SPECTRUM = b"\0\x3f\0"
"""First and last coefficient and approximation of a scan that is not progressive."""


@dataclass
class JpegParts:
    """Headers, restart markers and coded data in the order of the file, without its end mark.

    Attributes
    ----------
    parts
        All of them.
    coded
        Positions in ``parts`` of the coded data: of each scan, or of each interval between the
        restart markers in it.
    frame
        What the header of the frame announces.
    """

    parts: list[bytes]
    coded: list[int]
    frame: Frame

    def joined(self) -> bytes:
        """The file."""
        return b"".join((*self.parts, _marker(END)))

    def data(self, place: int) -> bytes:
        """Coded data of a number, counted from 0."""
        return self.parts[self.coded[place]]

    def ended(self, place: int, data: bytes) -> bytes:
        """The file until some coded data, with others in their place."""
        return b"".join((*self.parts[: self.coded[place]], data, _marker(END)))

    def alone(self, data: bytes, units: int) -> bytes:
        """Coded data of an only scan as a file of their own, a column of some units.

        Units are the least ones whose end shows in the data: blocks, if all have the same tables.
        """
        return self._column(data, units, of_blocks=self.is_of_blocks)

    def interval(self, place: int, data: bytes) -> bytes:
        """A file whose last coded data are these, in the place of some.

        Between the restart markers of an only scan they stand for themselves, which is faster.
        """
        units = self.interval_units(place)
        return self._column(data, units, of_blocks=False) if units else self.ended(place, data)

    def interval_units(self, place: int) -> int:
        """Number of least units of the frame between two restart markers; 0 if unknown."""
        headers = self.parts[: self.coded[0]]
        found = [part for part in headers if part.startswith(_marker(RESTART_INTERVAL))]
        if not found or not self.has_one_scan:
            return 0
        interval = int.from_bytes(found[-1][4:6], "big")
        units = min(interval, self.frame.units - place * interval)
        return units if 0 < units * self.frame.unit_height <= MOST_HEIGHT else 0

    def may_end(self, place: int) -> bool:
        """Whether some coded data may be the last that the image needs."""
        later = self.parts[self.coded[place] :]
        if any(part.startswith(_marker(SCAN)) for part in later):
            return False
        units = self.interval_units(place)
        return not units or self.interval_units(place + 1) == 0

    def _column(self, data: bytes, units: int, *, of_blocks: bool) -> bytes:
        head = self.parts[: self.coded[0]]
        for number, part in enumerate(head):
            if part.startswith(_marker(self.frame.code)):
                frame = self.frame.first() if of_blocks else self.frame
                head[number] = part[:2] + frame.column(units)
            elif part.startswith(_marker(RESTART_INTERVAL)):
                head[number] = b""
            elif part.startswith(_marker(SCAN)) and of_blocks:
                head[number] = part[:2] + b"\0\x08\1" + part[5:7] + part[-3:]
        return b"".join((*head, data, _marker(END)))

    @property
    def is_of_blocks(self) -> bool:
        """Whether all components of the first scan use the same tables."""
        return len(set(self.parts[self.coded[0] - 1][6:-3:2])) == 1

    @property
    def unit_height(self) -> int:
        """Pixels of a unit of `alone`."""
        return BLOCK if self.is_of_blocks else self.frame.unit_height

    @property
    def has_one_scan(self) -> bool:
        """Whether one sequential scan holds all components."""
        scans = sum(part.startswith(_marker(SCAN)) for part in self.parts)
        return self.frame.code in BASELINE_OR_EXTENDED and scans == 1

    def replace(self, place: int, data: bytes) -> None:
        """Put other coded data in the place of some."""
        self.parts[self.coded[place]] = data

    def without_zeros(self) -> "JpegParts":
        """The same without the zero bytes at the end of coded data."""
        parts = list(self.parts)
        for position in self.coded:
            data = parts[position].rstrip(b"\0")
            stuffed = data.endswith(b"\xff") and data != parts[position]
            parts[position] = data + b"\0" if stuffed else data
        return JpegParts(parts, self.coded, self.frame)


def split_jpeg(data: bytes) -> JpegParts:
    """Split a JPEG file at its markers, leaving out what decodes to no pixel.

    Left out are bytes between segments, metadata, and what follows the last scan. Corrected are the
    parameters of sequential scans, which decoders ignore, and versions of the segments of JFIF and
    Adobe that decoders do not know.

    Parameters
    ----------
    data
        Content of the file.

    Raises
    ------
    ValueError
        If there is no frame, a header is damaged, or scans are missing. Also for arithmetic coding,
        whose decoders cannot tell where data are missing.
    """
    frame = _frame(data)
    parts, in_scan = [_marker(START)], False
    coded: list[int] = []
    for segment in segments(data):
        if in_scan and segment.before:
            coded.append(len(parts))
            parts.append(segment.before)
        if segment.code in RESTARTS:
            if in_scan:
                parts.append(_marker(segment.code))
            continue
        if segment.code == END or (in_scan and frame.is_complete):
            break
        in_scan = segment.code == SCAN
        if in_scan:
            frame.add_scan(segment.body)
        if (body := _corrected(segment.code, segment.body, frame)) is not None:
            parts.append(_marker(segment.code) + body)
    if not frame.is_complete:
        raise ValueError("scans are missing")
    return JpegParts(parts, coded, frame)


def _frame(data: bytes) -> Frame:
    for segment in segments(data):
        if segment.code in ARITHMETIC:
            raise ValueError("damaged arithmetic coding")
        if segment.code in FRAMES:
            return Frame(segment.code, segment.body)
    raise ValueError("no frame")


def _corrected(code: int, body: bytes, frame: Frame) -> bytes | None:
    """A header without the faults that cost no pixel; None if no decoder needs it."""
    if code == JFIF and body[2:7] == b"JFIF\0" and len(body) > JFIF_MAJOR:
        return body[:JFIF_MAJOR] + b"\1" + body[JFIF_MAJOR + 1 :]
    if code == ADOBE and body[2:7] == b"Adobe":
        # libjpeg takes an unknown transform for the usual one.
        usual = b"\2" if frame.components == 4 else b"\1"
        transform = body[ADOBE_TRANSFORM : ADOBE_TRANSFORM + 1]
        if transform not in (b"", b"\0", usual):
            return body[:ADOBE_TRANSFORM] + usual + body[ADOBE_TRANSFORM + 1 :]
        return body
    if code in COMMENTS:
        return None
    if code == SCAN and frame.code in BASELINE_OR_EXTENDED:
        return body[:-3] + WHOLE_SPECTRUM
    return body


def _marker(code: int) -> bytes:
    return bytes((0xFF, code))
