"""Fast tests stay fast: one that is marked neither slow nor services and takes over 5 s fails."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from numba.core import event

SECONDS = 5.0
"""Limit of a test itself; fixtures, which tests share, do not count."""
PATIENCE = 2.0
"""Factor of the limit where the machine has that many times the work it has processors for: a CPU
second does less there."""
UNLIMITED = ("slow", "services")


class Stopwatch:
    """Seconds that a block of code itself took.

    Wall time alone would fail tests on a busy machine, CPU time alone would miss a test that
    sleeps. Counted are the CPU seconds of this process and of its children that have ended, and
    the time in which the block waited while the machine had an idle processor. Compiling with
    Numba is left out: its cache is empty in a fresh clone only.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        before, idle, wall = _cpu_seconds(), psutil.cpu_times().idle, time.monotonic()
        with event.install_timer("numba:compile", self._leave_out):
            yield
        busy, wall = _cpu_seconds() - before, time.monotonic() - wall
        waited = min(max(wall - busy, 0.0), psutil.cpu_times().idle - idle)
        self.seconds += busy + waited

    def _leave_out(self, compiling: float) -> None:
        self.seconds -= compiling


def _cpu_seconds() -> float:
    return sum(os.times()[:4])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test without a mark that took longer than the limit."""
    watch = Stopwatch()
    with watch.running():
        yield
    busy = os.getloadavg()[0] > PATIENCE * (os.cpu_count() or 1)
    limit = SECONDS * (PATIENCE if busy else 1.0)
    if watch.seconds > limit and not any(map(item.get_closest_marker, UNLIMITED)):
        pytest.fail(
            f"The test passed, but took {watch.seconds:.1f} s; expected at most {limit:.0f} s. "
            "Make it faster, or mark it: services if it needs other processes, else slow.",
            pytrace=False,
        )
