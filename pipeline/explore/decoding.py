"""The decoder of the explorer: resident, one vector at a time, the latest position first."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from threading import Event, Lock
from typing import Any

import numpy as np
import panel as pn
from numpy.typing import NDArray
from PIL import Image

_WORKERS = ThreadPoolExecutor(1, thread_name_prefix="zpoints-decode")
"""Decodes for all pages: one vector takes milliseconds, and a core stays free for the page."""

ENDED = Event()
"""Set when the process ends: what is still computed then interests nobody, nor does its failure."""


class Latest:
    """Computes on a thread of its own, always with the newest of what was asked.

    What was asked meanwhile is dropped, never queued, so that an answer is late by one computation
    at most.

    Parameters
    ----------
    compute
        Computes an answer; runs on a worker's thread.
    deliver
        Takes the answer, also on that thread.
    workers
        Where it computes; a single thread for all pages if omitted.
    """

    def __init__(
        self,
        compute: Callable[[Any], Any],
        deliver: Callable[[Any], None],
        workers: Executor | None = None,
    ) -> None:
        self._compute, self._deliver = compute, deliver
        self._workers = workers or _WORKERS
        self._lock = Lock()
        self._waiting: tuple[Any] | None = None
        self._busy = False

    def ask(self, question: Any) -> None:
        """Ask; returns at once."""
        with self._lock:
            self._waiting = (question,)
            if self._busy:
                return
            self._busy = True
        self._workers.submit(self._answer)

    def _answer(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, None
            if waiting is None or ENDED.is_set():
                self._busy = False
                return
        try:
            self._deliver(self._compute(waiting[0]))
        finally:
            if not ENDED.is_set():
                # To the end of the queue, so that another page's question is answered in between.
                self._workers.submit(self._answer)


def once_shown(document: Any, show: Callable[[], None]) -> None:
    """Call a function on the thread of a page, once the browser has shown the page.

    Changes of an element that has a script are lost if they come while the browser loads it.

    Parameters
    ----------
    document
        The page's document, None in a notebook, which calls the function at once.
    show
        Changes elements of the page.
    """
    if document is None:
        show()
    elif document.session_context is not None:
        document.add_next_tick_callback(lambda: pn.state.onload(show))


def png(pixels: NDArray[np.uint8]) -> bytes:
    """An image (y, x, channel) uint8 as a PNG file; quick rather than small."""
    grey = pixels.shape[-1] == 1
    picture = Image.fromarray(pixels[..., 0] if grey else pixels)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()
