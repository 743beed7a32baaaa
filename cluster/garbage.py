"""How often Python looks for garbage: objects that only refer to each other."""

import gc

NEW_OBJECTS = 10_000
"""Objects after which Python looks for garbage. Its own number, 700 in Python 3.11, is for programs
with fewer objects than torch, Dask and Matplotlib load."""


def collect_rarely() -> None:
    """Look for garbage less often, in this process and in those that are forked from it."""
    gc.set_threshold(NEW_OBJECTS, 10, 10)
