"""Turns SIGINT (Ctrl-C) and SIGTERM into an exception that stops the work."""

import signal
import sys


class Interrupted(BaseException):
    """SIGINT or SIGTERM was received.

    Attributes
    ----------
    code
        Exit code of the process: 128 plus the signal's number.
    outcome
        What happened to the work, as a sentence; empty where only the command knows.
    """

    def __init__(self, code: int, outcome: str = "") -> None:
        self.code = code
        self.outcome = outcome


_received: list[int] = []


def install_handlers() -> None:
    """Turn SIGINT and SIGTERM into ``Interrupted``; a second one ends the process at once."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    sys.unraisablehook = _report_unraisable


def ignore_further_signals() -> None:
    """Ignore further signals; cleanup is short and must finish.

    Raises
    ------
    Interrupted
        If a signal has arrived that was not handled yet.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def raise_if_interrupted() -> None:
    """Raise ``Interrupted`` if a signal was received.

    Called wherever progress is shown: Python drops the handler's exception when it is raised inside
    an object's finalizer.
    """
    if _received:
        raise Interrupted(_received[0])


def _interrupt(number: int, frame: object) -> None:
    signal.signal(number, signal.SIG_DFL)
    _received.append(128 + number)
    raise_if_interrupted()


def _report_unraisable(dropped: "sys.UnraisableHookArgs") -> None:
    if not isinstance(dropped.exc_value, Interrupted):
        sys.__unraisablehook__(dropped)
