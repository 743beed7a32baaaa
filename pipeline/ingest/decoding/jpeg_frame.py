"""What the frame of a JPEG file announces, and which of it the scans bring."""

import struct

COEFFICIENTS = 64
BLOCK = 8  # pixels
BASELINE_OR_EXTENDED = (0xC0, 0xC1)
PROGRESSIVE = frozenset((0xC2, 0xCA))
ARITHMETIC = (0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
UNSEEN = -1


class Frame:
    """A frame and the scans seen so far.

    Parameters
    ----------
    code
        Second byte of the frame's marker.
    body
        Length and content of its header.

    Attributes
    ----------
    unit_width, unit_height
        Pixels of the least unit of a scan with all components (T.81, A.2).
    """

    def __init__(self, code: int, body: bytes) -> None:
        self.code, self.body = code, body
        count = body[7] if len(body) > 7 else 0
        # For each coefficient of a component, the number of low bits that no scan has brought yet.
        self._missing = {
            component: [UNSEEN] * COEFFICIENTS for component in body[8 : 8 + 3 * count : 3]
        }
        factors = body[9 : 8 + 3 * count : 3] if count > 1 else b"\x11"
        self.unit_width = BLOCK * max(factor >> 4 for factor in factors)
        self.unit_height = BLOCK * max(factor & 15 for factor in factors)

    @property
    def units(self) -> int:
        """Number of least units in the image."""
        height, width = struct.unpack(">HH", self.body[3:7])
        return -(-height // self.unit_height) * -(-width // self.unit_width)

    @property
    def components(self) -> int:
        return len(self._missing)

    @property
    def is_complete(self) -> bool:
        """Whether the scans have brought every bit of every coefficient."""
        return not any(any(missing) for missing in self._missing.values())

    def first(self) -> "Frame":
        """A frame with the first component alone."""
        return Frame(self.code, b"\0\x0b" + self.body[2:7] + b"\1" + self.body[8:11])

    def column(self, units: int) -> bytes:
        """The header for an image of some units, one below the other."""
        size = struct.pack(">HH", units * self.unit_height, self.unit_width)
        return self.body[:3] + size + self.body[7:]

    def add_scan(self, body: bytes) -> None:
        """Note what a scan brings, from its header; ValueError if that is damaged."""
        count = body[2] if len(body) > 2 else 0
        if len(body) != 6 + 2 * count:
            raise ValueError("the header of a scan is damaged")
        first, last, bits = body[-3:]
        if self.code not in PROGRESSIVE:
            first, last, bits = 0, COEFFICIENTS - 1, 0
        for component in body[3:-3:2]:
            missing = self._missing.get(component, [])
            missing[first : last + 1] = [bits & 15] * len(missing[first : last + 1])
