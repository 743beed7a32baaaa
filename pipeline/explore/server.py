"""Serves the explorer to one user's browser: at a secret address, on this machine."""

from __future__ import annotations

import hmac
import logging
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from signal import SIGINT, SIGTERM
from typing import Any
from urllib.parse import urlencode, urlsplit

import panel as pn
from panel.io.resources import LOCAL_DIST
from panel.io.server import get_server
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import RequestHandler
from tornado.websocket import WebSocketClosedError

from zpoints.pipeline.errors import ExploreError
from zpoints.pipeline.explore.decoding import ENDED
from zpoints.pipeline.explore.listening import LOOPBACK, Where
from zpoints.pipeline.explore.page import load_extensions, page
from zpoints.pipeline.explore.panes.work import Work
from zpoints.pipeline.explore.plane import draw_first
from zpoints.pipeline.explore.points import Points
from zpoints.pipeline.explore.raster import compile_first, compile_others
from zpoints.pipeline.explore.state import ADDRESS, View, computed, from_address, to_address
from zpoints.storage.errors import ZpointsError

LATER = 3.0
"""Seconds after which what the first page does not need is loaded."""


class Served:
    """A server of the explorer, which listens once it is made.

    Attributes
    ----------
    url
        Address of the page, which holds the token.
    sockets
        Addresses of the web sockets of its pages.

    Parameters
    ----------
    points
        The vectors that every page shows at first.
    where
        Where it listens.
    """

    def __init__(self, points: Points, where: Where) -> None:
        token = secrets.token_urlsafe(24)
        scheme = "http" if where.certificate is None else "https"
        try:
            self.server = get_server(
                {"/": lambda: opened_page(points, f"/{token}", self.sockets)},
                port=where.port,
                address=where.address,
                prefix=f"/{token}",
                start=False,
                http_server_kwargs={"ssl_options": where.context()},
                include_headers=[],
                include_cookies=[],
                index=None,
            )
        except OSError as error:
            raise ExploreError(
                f"Cannot listen on {where.address}, port {where.port} ({error.strerror}). Expected "
                "a free port; choose another with --port, or leave it out for a free one."
            ) from None
        port, local = self.server.port, where.address in LOOPBACK
        names = frozenset(f"{_bracketed(host)}:{port}" for host in LOOPBACK) if local else None
        self.sockets = [f"ws{scheme[4:]}://{name}" for name in sorted(names)] if names else ["wss:"]
        self.server._tornado.websocket_origins.update(names or ["*"])  # `Refused` comes before it
        refused = Refused(Allowed(token, names, scheme))
        self.server._tornado.add_handlers(r".*", [Rule(refused, Refusal)])
        anywhere = where.address in ("0.0.0.0", "::", "")
        shown = socket.gethostname() if anywhere else _bracketed(where.address)
        self.url = f"{scheme}://{shown}:{port}/{token}/"

    def serve(self) -> int | None:
        """Serve on the calling thread until `stop`, Ctrl-C or SIGTERM; the signal's number."""
        received: list[int] = []

        def end(number: int, frame: object) -> None:
            received.append(number)
            self.stop()

        own = threading.current_thread() is threading.main_thread()
        before = {n: signal.signal(n, end) for n in (SIGINT, SIGTERM)} if own else {}
        self.server.start()
        try:
            self.server.io_loop.start()
        finally:
            self.server.stop(wait=False)
            for number, handler in before.items():
                signal.signal(number, handler)
        return received[0] if received else None

    def stop(self) -> None:
        """End `serve`, from any thread."""
        self.server.io_loop.add_callback(self.server.io_loop.stop)


@dataclass(frozen=True)
class Allowed:
    """Which requests are answered.

    Attributes
    ----------
    token
        First part of the path of every request.
    names
        Hosts with the port by which the server may be called; None for any, where its certificate
        names it.
    scheme
        `http` or `https`.
    """

    token: str
    names: frozenset[str] | None
    scheme: str

    def __call__(self, request: HTTPServerRequest) -> bool:
        """Whether a request names the server, comes from its own pages and knows the token."""
        given = request.path.split("/", 2)
        token = given[1] if len(given) > 1 else ""
        host = request.headers.get("Host", "").lower()
        origin = request.headers.get("Origin") or request.headers.get("Sec-Websocket-Origin")
        return (
            hmac.compare_digest(token.encode(), self.token.encode())
            and (self.names is None or host in self.names)
            and (origin is None or self._is_own(origin, host))
        )

    def _is_own(self, origin: str, host: str) -> bool:
        parts = urlsplit(origin)
        return parts.scheme == self.scheme and parts.netloc.lower() in (self.names or {host})


class Refused(Matcher):
    """Matches the requests that are not allowed."""

    def __init__(self, allowed: Callable[[HTTPServerRequest], bool]) -> None:
        self._allowed = allowed

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Values for the handler of a refused request, None for one that is allowed."""
        return None if self._allowed(request) else {}


class Refusal(RequestHandler):
    """Answers 403, whatever is asked."""

    def prepare(self) -> None:
        """Refuse."""
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(
            "Refused: the address lacks the token, or another site asked. Open the address that "
            "zpoints explore printed.\n"
        )


def opened_page(points: Points, prefix: str, sockets: Sequence[str]) -> Any:
    """The page for one browser window, with the state that its address carries.

    Parameters
    ----------
    points
        The vectors that it shows.
    prefix
        First part of the path of everything that the page loads.
    sockets
        Addresses of web sockets that the page may open.
    """
    pn.state.rel_path = prefix
    view = View(points=points)
    view.aside = Work(computed, view.take, view.fail)
    given = {name: values[-1].decode() for name, values in pn.state.session_args.items() if values}
    problems = from_address(view, given)

    def tell(*events: Any) -> None:
        if pn.state.location is not None:
            query = to_address(view)
            pn.state.location.search = f"?{urlencode(query)}" if query else ""

    view.param.watch(tell, list(ADDRESS))
    _keep_prefix()
    return page(view, problems, sockets)


def _keep_prefix() -> None:
    """Let style sheets of elements that appear later have the token in their address.

    Panel makes their addresses absolute, without the prefix of the server, once the browser has
    reported its own.
    """
    location, document = pn.state.location, pn.state.curdoc
    if location is None or document is None:
        return

    def relative(*events: Any) -> None:
        document._template_variables["dist_url"] = LOCAL_DIST

    location.param.watch(relative, "pathname", precedence=1)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def serve(space: Any, where: Where, on_ready: Callable[[str], None]) -> int | None:
    """Serve the explorer of a latent space until the process is interrupted.

    Parameters
    ----------
    space
        What `zpoints.open` returns.
    where
        Where the server listens.
    on_ready
        Called with the address of the page when it can be opened.

    Returns
    -------
    int or None
        Number of the signal that ended it.

    Raises
    ------
    ExploreError
        If the port is taken.
    """
    points = Points(space)
    prepare(points)
    logging.getLogger("asyncio").addFilter(_is_of_open_page)
    served = Served(points, where)
    later = threading.Thread(target=prepare_more, args=(points,), daemon=True)
    served.server.io_loop.call_later(LATER, later.start)  # the first page comes first
    served.server.io_loop.add_callback(lambda: on_ready(served.url))
    try:
        return served.serve()
    finally:
        ENDED.set()


def _is_of_open_page(record: logging.LogRecord) -> bool:
    """Whether a message is about more than a page that was closed while something was sent."""
    return not (record.exc_info and isinstance(record.exc_info[1], WebSocketClosedError))


def prepare(points: Points) -> None:
    """Read the vectors and load what draws the first picture, at the same time."""
    read = threading.Thread(target=View(points=points).plane, daemon=True)
    read.start()
    load_extensions()
    compile_first()
    draw_first()
    read.join()


def prepare_more(points: Points) -> None:
    """Load the decoder and what draws other pictures, while the first page is looked at."""
    view = View(points=points)
    plane, *_ = view.plane()
    with suppress(ZpointsError):  # the page shows the message where it matters
        view.space.decode(plane.lift(plane.mean[None], points.statistics))
    compile_others()
