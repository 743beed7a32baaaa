"""A server of the explorer and its page in a browser, for the tests of the page."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page
from tornado.ioloop import IOLoop

from zpoints.pipeline.explore.listening import Where
from zpoints.pipeline.explore.points import Points
from zpoints.pipeline.explore.server import Served, prepare
from zpoints.pipeline.latent_space.stored import open as open_latents

LOADED = 60_000
"""Milliseconds that a page may take; it takes about one on a machine with nothing else to do."""


@dataclass
class Opened:
    """A page in the browser, and what it complained about."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)

    def picture(self) -> str:
        """Address of the decoded image, with its data."""
        return self.page.locator(".decoded img").get_attribute("src") or ""

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something to hold."""
        end = time.monotonic() + LOADED / 1000
        while not holds():
            assert time.monotonic() < end, "nothing changed on the page"
            self.page.wait_for_timeout(50)

    def watch_delay(self) -> None:
        """Note when the pointer moves, and when the decoded image changes."""
        self.page.locator(".decoded img").evaluate(
            """image => {
              window.moves = []; window.changes = []
              addEventListener("mousemove", () => moves.push(performance.now()), true)
              new MutationObserver(() => changes.push(performance.now()))
                .observe(image, {attributeFilter: ["src"]})
            }"""
        )

    def delay(self) -> float:
        """Milliseconds from the last move of the pointer to the last change of the image."""
        return float(self.page.evaluate("changes.at(-1) - moves.at(-1)"))


@contextmanager
def served(root: str, where: Where | None = None) -> Iterator[str]:
    """The explorer of a store; its address."""
    ready: list[Served] = []
    started = threading.Event()

    def run() -> None:
        IOLoop(make_current=True)
        points = Points(open_latents(root))
        prepare(points)
        ready.append(Served(points, where or Where()))
        ready[0].server.io_loop.add_callback(started.set)
        ready[0].serve()

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(120)
    yield ready[0].url
    ready[0].stop()
    thread.join(20)
    assert not thread.is_alive()


def open_page(browser: Browser, url: str, **settings: object) -> Opened:
    """A page in a window of its own; it notes errors, and requests to other hosts."""
    context = browser.new_context(**settings)
    page = context.new_page()
    opened = Opened(page, url)

    def note_message(message: object) -> None:
        if message.type == "error":
            opened.problems.append(message.text)

    def note_request(request: object) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            opened.problems.append(f"asked {request.url}")

    page.on("console", note_message)
    page.on("pageerror", lambda error: opened.problems.append(str(error)))
    page.on("request", note_request)
    page.goto(url, wait_until="commit", timeout=LOADED)
    page.locator(".plane canvas").first.wait_for(timeout=LOADED)
    return opened
