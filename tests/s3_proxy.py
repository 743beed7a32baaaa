"""A proxy before the S3 server that fails at a chosen request: no more answers, or one lost."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

import pytest


class Proxy:
    """Forwards bytes between clients and the server that AWS_ENDPOINT_URL names.

    Parameters
    ----------
    request
        Bytes that identify the request at which it fails.
    fault
        ``silence``: from then on it accepts connections but forwards nothing in either direction.
        ``lost response``: it forwards the request and drops the response.
    """

    def __init__(self, request: bytes, fault: Literal["silence", "lost response"]) -> None:
        server = urlsplit(os.environ["AWS_ENDPOINT_URL"])
        self._server = (server.hostname, server.port)
        self.request = request
        self._fault = fault
        self.failed = threading.Event()
        self._entrance = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._entrance.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def _silent(self) -> bool:
        return self._fault == "silence" and self.failed.is_set()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._entrance.accept()
                server = socket.create_connection(self._server)
                loses = threading.Event()
                for source, to in ((client, server), (server, client)):
                    args = (source, to, source is client, loses)
                    threading.Thread(target=self._pass, args=args, daemon=True).start()

    def _pass(
        self, source: socket.socket, to: socket.socket, asks: bool, loses: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if asks and not self.failed.is_set() and self.request in data:
                    self.failed.set()
                    loses.set()
                if self._silent:
                    continue
                if self._fault == "lost response" and loses.is_set() and not asks:
                    break
                to.sendall(data)
        for end in (source, to):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()

    def close(self) -> None:
        self._entrance.close()


@contextmanager
def failing_at(request: bytes, fault: Literal["silence", "lost response"]) -> Iterator[Proxy]:
    """A proxy to which AWS_ENDPOINT_URL points while the block runs."""
    proxy = Proxy(request, fault)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", proxy.url)
            yield proxy
    finally:
        proxy.close()
