"""Finds listening sockets that accept connections without a client certificate."""

import socket
import ssl
from collections.abc import Iterable

import psutil

LOOPBACK = ("127.0.0.1", "::1")


def open_beyond_loopback(processes: Iterable[psutil.Process]) -> list[str]:
    """Sockets beyond the loopback interface that do not require a certificate.

    Covers the processes and their children.
    """
    found = set()
    for root in processes:
        for process in (root, *root.children(recursive=True)):
            for c in process.net_connections("tcp"):
                if c.status == "LISTEN" and c.laddr.ip not in LOOPBACK:
                    found.add((process.name(), c.laddr.ip, c.laddr.port))
    return [
        f"{name} {host}:{port}"
        for name, host, port in found
        if not requires_certificate(host, port)
    ]


def requires_certificate(host: str, port: int) -> bool:
    """Whether a listener speaks only TLS and refuses clients without a certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    with socket.create_connection((reachable, port), timeout=5) as plain:
        try:
            with context.wrap_socket(plain) as encrypted:
                encrypted.recv(1)  # TLS 1.3 asks for the certificate after the handshake
        except ssl.SSLError as error:
            return "CERTIFICATE_REQUIRED" in str(error) or "ALERT" in str(error)
    return False
