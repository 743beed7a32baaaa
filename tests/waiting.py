"""Moments of tests: waited for, or chosen at random in a way that can be repeated."""

import os
import random
import time
from collections.abc import Callable

import pytest

SEED = "ZPOINTS_TEST_SEED"


def wait_until(
    condition: Callable[[], object],
    what: str = "what was expected",
    *,
    seconds: float = 60.0,
    last_words: Callable[[], str] = str,
) -> None:
    """Wait for a condition, or fail; ``last_words`` then says what else there is to know."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            pytest.fail(f"waited {seconds:.0f} s for {what}; {last_words()}".strip("; "))
        time.sleep(0.02)


def chosen_moments() -> random.Random:
    """Random numbers whose seed a failing test shows; the variable repeats them."""
    seed = int(os.environ.get(SEED) or time.time())
    print(f"{SEED}={seed} repeats the moments of this test")  # noqa: T201
    return random.Random(seed)
