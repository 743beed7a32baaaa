"""Ctrl-C and the request to end: the work stops where it is."""

import signal
import sys


class Interrupted(BaseException):
    """Ctrl-C, or the request to end.

    Attributes
    ----------
    code
        Exit code of the process.
    outcome
        What became of the work, where the one who did it says so.
    """

    def __init__(self, code: int, outcome: str = "") -> None:
        self.code = code
        self.outcome = outcome


_asked: list[int] = []


def heed_signals() -> None:
    """Turn SIGINT and SIGTERM into ``Interrupted``; a second one ends the process at once."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    sys.unraisablehook = _report_unraisable


def finish_undisturbed() -> None:
    """Take no more signals: what is left takes moments, and has to be done.

    Raises
    ------
    Interrupted
        If one has come that was not heeded yet.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def check() -> None:
    """Raise ``Interrupted`` if that was asked for.

    Called wherever progress is shown: the exception that the signal raises is lost if it meets
    Python in the clean-up of an object.
    """
    if _asked:
        raise Interrupted(_asked[0])


def _interrupt(number: int, frame: object) -> None:
    signal.signal(number, signal.SIG_DFL)
    _asked.append(128 + number)
    check()


def _report_unraisable(lost: "sys.UnraisableHookArgs") -> None:
    if not isinstance(lost.exc_value, Interrupted):
        sys.__unraisablehook__(lost)
