"""Waiting for a condition, and repeatable random delays."""

import os
import random
import time
from collections.abc import Callable

import pytest

SEED = "ZPOINTS_TEST_SEED"


def wait_until(
    condition: Callable[[], object],
    what: str = "the condition",
    *,
    seconds: float = 60.0,
    details: Callable[[], str] = str,
) -> None:
    """Wait for a condition; fail after `seconds`, with `what` and `details()` in the message."""
    started = time.monotonic()
    while not condition():
        waited = time.monotonic() - started
        if waited > seconds:
            pytest.fail(f"waited {seconds:.0f} s for {what}; {details()}".strip("; "))
        # Conditions read stores and buckets: the longer it takes, the less often.
        time.sleep(min(max(waited / 20, 0.02), 0.2))


def random_delays() -> random.Random:
    """A random generator. A failing test prints its seed; ZPOINTS_TEST_SEED repeats it."""
    seed = int(os.environ.get(SEED) or time.time())
    print(f"{SEED}={seed} repeats the delays of this test")  # noqa: T201
    return random.Random(seed)
