"""Paired timings: zpoints and the peer in turn, so that a drifting machine affects both alike."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One row of the table: rates per second and their ratio (above 1: zpoints is faster)."""

    name: str
    ours: float
    peer: float
    ratio: float
    unit: str
    floor: float
    """Least acceptable ratio."""


def paired(
    name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    *,
    work: int,
    unit: str,
    floor: float,
    rounds: int = 5,
    before: Callable[[], object] = lambda: None,
) -> Figure:
    """Median rates and median ratio of pairs of runs, after one pair to warm up.

    Parameters
    ----------
    name
        Name of the row.
    ours, peer
        The two computations.
    work
        Number of units that each call processes.
    unit
        Unit of the rates, e.g. ``images/s``.
    floor
        Least acceptable ratio.
    rounds
        Number of timed pairs.
    before
        Prepares each round of `ours`; not timed.
    """
    pairs = []
    for _ in range(rounds + 1):
        before()
        pairs.append((_seconds(ours), _seconds(peer)))
    del pairs[0]
    return Figure(
        name=name,
        ours=work / median(a for a, _ in pairs),
        peer=work / median(b for _, b in pairs),
        ratio=median(b / a for a, b in pairs),
        unit=unit,
        floor=floor,
    )


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def peak_gib() -> float:
    """Peak resident memory of this process in GiB; `ru_maxrss` would include the parent's."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    status = dict(line.split(":", 1) for line in lines)
    return int(status["VmHWM"].split()[0]) / 2**20
