"""Work that a pane waits for, off the loop that serves the pages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import panel as pn

from zpoints.pipeline.explore.decoding import ENDED, Latest, once_shown
from zpoints.storage.errors import ZpointsError

_WORKERS = ThreadPoolExecutor(2, thread_name_prefix="zpoints-pane")
"""Computes for the panes of all pages; what follows the pointer has a thread of its own."""


class Work:
    """Answers questions of a pane; of those that come meanwhile only the last is answered.

    Parameters
    ----------
    compute
        Computes an answer, on a thread of its own.
    show
        Shows an answer, on the thread of the page.
    fail
        Shows a message, likewise.
    spinner
        An indicator of Panel, which runs while there is work.
    """

    def __init__(
        self,
        compute: Callable[[Any], Any],
        show: Callable[[Any], None],
        fail: Callable[[str], None],
        spinner: Any = None,
    ) -> None:
        self._compute, self._show, self._fail, self._spinner = compute, show, fail, spinner
        self._document = pn.state.curdoc
        self._asked = 0
        self._latest = Latest(self._answered, self._deliver, _WORKERS)

    def ask(self, question: Any) -> None:
        """Ask; returns at once."""
        self._asked += 1
        if self._spinner is not None:
            self._spinner.visible = self._spinner.value = True
        self._latest.ask((self._asked, question))

    def _answered(self, asked: tuple[int, Any]) -> tuple[int, Callable[[], None]]:
        number, question = asked
        try:
            answer = self._compute(question)
        except ZpointsError as error:
            message = str(error)
            return number, lambda: self._fail(message)
        except Exception as error:
            if not ENDED.is_set():
                logging.getLogger(__name__).exception("A pane of the explorer failed.")
            message = f"This could not be computed: {type(error).__name__}: {error}"
            return number, lambda: self._fail(message)
        return number, lambda: self._show(answer)

    def _deliver(self, answered: tuple[int, Callable[[], None]]) -> None:
        number, show = answered

        def finish() -> None:
            if self._spinner is not None and number == self._asked:
                self._spinner.visible = self._spinner.value = False
            show()

        once_shown(self._document, finish)


def spinner() -> Any:
    """An indicator that is hidden until there is work."""
    return pn.indicators.LoadingSpinner(
        value=False, visible=False, size=22, margin=(4, 8), css_classes=["spinner"]
    )
