"""The decoder of the explorer: resident, one vector at a time, the latest position first."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from threading import Condition, Event, Lock
from typing import Any

import numpy as np
import panel as pn
from numpy.typing import NDArray
from PIL import Image

_WORKERS = ThreadPoolExecutor(1, thread_name_prefix="zpoints-decode")
"""Decodes for all pages: one vector takes milliseconds, and a core stays free for the page."""

FIRST = 5.0
"""Seconds for which a cell of a notebook waits for what it shows at first."""
ENDED = Event()
"""Set when the process ends: what is still computed then interests nobody, nor does its failure."""


class Notebook:
    """The kernel in which explorers are shown, where there is one.

    Two threads that change elements at once lose changes. So a cell waits for the first answers and
    shows them, and later ones are shown by the kernel's own thread.
    """

    def __init__(self) -> None:
        self._idle, self._working = Condition(), 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._making = False

    def count(self, more: int) -> None:
        """Note that so many more computations are at work."""
        with self._idle:
            self._working += more
            self._idle.notify_all()

    def make(self, made: Callable[[], Any]) -> Any:
        """Make what a cell shows, with the answers that are known within some seconds."""
        with suppress(RuntimeError):  # without a kernel there is no loop
            self._loop = asyncio.get_running_loop()
        self._making = True
        try:
            shown = made()
            with self._idle:
                self._idle.wait_for(lambda: not self._working, FIRST)
            return shown
        finally:
            self._making = False

    def show(self, show: Callable[[], None]) -> None:
        """Call a function that changes elements, on the kernel's thread once they are shown."""
        if self._loop is None or self._making:
            show()
        else:
            self._loop.call_soon_threadsafe(show)


NOTEBOOK = Notebook()


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
            NOTEBOOK.count(1)
        self._workers.submit(self._answer)

    def _answer(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, None
            if waiting is None or ENDED.is_set():
                self._busy = False
                NOTEBOOK.count(-1)
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
        The page's document, None in a notebook.
    show
        Changes elements of the page.
    """
    if document is None:
        NOTEBOOK.show(show)
    elif document.session_context is not None:
        document.add_next_tick_callback(lambda: pn.state.onload(show))


def png(pixels: NDArray[np.uint8]) -> bytes:
    """An image (y, x, channel) uint8 as a PNG file; quick rather than small."""
    grey = pixels.shape[-1] == 1
    picture = Image.fromarray(pixels[..., 0] if grey else pixels)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()
