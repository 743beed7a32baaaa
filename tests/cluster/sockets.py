"""What processes listen on, and whether it is TLS that asks for a certificate."""

import socket
import ssl
from collections.abc import Iterable

import psutil

LOOPBACK = ("127.0.0.1", "::1")


def open_beyond_loopback(processes: Iterable[psutil.Process]) -> list[str]:
    """Listening sockets of processes and their children that others reach without a certificate."""
    found = set()
    for root in processes:
        for process in (root, *root.children(recursive=True)):
            for c in process.net_connections("tcp"):
                if c.status == "LISTEN" and c.laddr.ip not in LOOPBACK:
                    found.add((process.name(), c.laddr.ip, c.laddr.port))
    return [f"{name} {host}:{port}" for name, host, port in found if not asks(host, port)]


def asks(host: str, port: int) -> bool:
    """Whether a listener speaks TLS only, and ends the talk with those without a certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    place = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    with socket.create_connection((place, port), timeout=5) as plain:
        try:
            with context.wrap_socket(plain) as talk:
                talk.recv(1)  # TLS 1.3 asks for the certificate after the handshake
        except ssl.SSLError as error:
            return "CERTIFICATE_REQUIRED" in str(error) or "ALERT" in str(error)
    return False
