"""Where the explorer may listen: on this machine, or beyond it with TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from zpoints.pipeline.errors import ExploreError

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Where:
    """Where a server listens.

    Attributes
    ----------
    address
        Address of the machine; one of `LOOPBACK` needs no TLS.
    port
        Port; 0 takes a free one.
    certificate, key
        Files in PEM format for TLS, or None.

    Raises
    ------
    ExploreError
        If the address is beyond this machine and there is no TLS, or a file cannot be used.
    """

    address: str = "127.0.0.1"
    port: int = 0
    certificate: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ExploreError(
                "TLS needs two files: expected --certificate and --key together, got one of them."
            )
        if self.address not in LOOPBACK and self.certificate is None:
            raise ExploreError(
                f"The address {self.address} can be reached from other machines, and without TLS "
                "everybody on the way could read the token and the images. Expected TLS files: "
                "add --certificate FILE --key FILE, or leave --address out."
            )
        if self.certificate is not None:
            self.context()

    def context(self) -> ssl.SSLContext | None:
        """The certificate and its key, loaded; None without TLS."""
        if self.certificate is None or self.key is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        for path in (self.certificate, self.key):
            if not Path(path).is_file():
                raise ExploreError(f"There is no file {path}; expected a PEM file for TLS.")
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise ExploreError(
                f"{self.certificate} and {self.key} cannot be used for TLS ({error}). Expected a "
                "certificate and its private key in PEM format."
            ) from None
        return context
