"""Exit codes of the command line; an interruption exits with 128 plus the signal's number."""

FAILED = 1
"""The command failed."""
USAGE = 2
"""Options, configuration, keys or connection are invalid or unsafe."""
BUSY = 3
"""Another run is using the store."""
DAMAGED = 4
"""Verification found damage."""
LOST = 5
"""No cluster could be used, or its workers were lost; the same command may succeed later."""
NOT_OVER = 6
"""A job has not ended within the time limit."""
