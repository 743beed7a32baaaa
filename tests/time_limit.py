"""Fast tests stay fast: one marked neither slow nor services is named if it takes over 5 s, and
fails if it takes over 20 s. The room between is for busy machines, on which nothing may fail."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from numba.core import event

SECONDS = 5.0
"""Limit of a test itself; fixtures, which tests share, do not count."""
FAILS = 20.0
"""Seconds after which a test fails."""
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
    """Name a test without a mark that took longer than the limit, or fail it."""
    watch = Stopwatch()
    with watch.running():
        yield
    if watch.seconds <= SECONDS or any(map(item.get_closest_marker, UNLIMITED)):
        return
    message = (
        f"The test passed, but took {watch.seconds:.1f} s; expected at most {SECONDS:.0f} s. "
        "Make it faster, or mark it: services if it needs other processes, else slow."
    )
    if watch.seconds > FAILS:
        pytest.fail(message, pytrace=False)
    item.warn(pytest.PytestWarning(message))
