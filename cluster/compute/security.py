"""Certificates of a cluster, and who may read their keys."""

import ipaddress
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import dask
from distributed.security import Security

from zpoints.cluster.errors import SecurityError
from zpoints.pipeline.config.cluster import TlsConfig


def own_security(tls: TlsConfig) -> Security:
    """Certificates for all roles of a cluster that this run starts: those given, or temporary ones.

    Temporary ones live as long as the run; whoever lacks them cannot connect.

    Raises
    ------
    SecurityError
        If a file is missing, or others may read the key.
    """
    if tls.key is None:
        return Security.temporary()
    files = _checked(tls.ca, tls.certificate, tls.key)
    sides = {
        f"tls_{role}_{part}": files[part]
        for role in ("client", "scheduler", "worker")
        for part in ("cert", "key")
    }
    return Security(require_encryption=True, tls_ca_file=files["ca"], **sides)


@contextmanager
def shared_security(tls: TlsConfig, folder: Path) -> Iterator[Security]:
    """As ``own_security``, for workers on other nodes: temporary certificates are files of a folder
    that all nodes share, only for their owner and only while the block runs."""
    if tls.key is not None:
        yield own_security(tls)
        return
    made = Security.temporary()
    parts = {
        "ca": made.tls_ca_file,
        "certificate": made.tls_client_cert,
        "key": made.tls_client_key,
    }
    with TemporaryDirectory(prefix="certificates-", dir=folder) as place:
        files = {part: Path(place, f"{part}.pem") for part in parts}
        for part, path in files.items():
            path.touch(mode=0o600)
            path.write_text(parts[part])
        yield own_security(TlsConfig(**{part: str(path) for part, path in files.items()}))


def client_security(tls: TlsConfig) -> Security:
    """Certificates of a client: those given, or those of Dask's own ``distributed.comm.tls``.

    Raises
    ------
    SecurityError
        If there are none, a file is missing, or others may read the key.
    """
    names = (tls.ca, tls.certificate, tls.key)
    if tls.key is None:
        settings = dask.config.get("distributed.comm.tls")
        side = settings["client"]
        names = (settings["ca-file"], side["cert"], side["key"] or side["cert"])
    if None in names:
        raise SecurityError(
            "A tls:// scheduler asks for certificates: set cluster.tls.ca, cluster.tls.certificate "
            "and cluster.tls.key, or distributed.comm.tls in Dask's own configuration."
        )
    files = _checked(*names)
    return Security(
        require_encryption=True,
        tls_ca_file=files["ca"],
        tls_client_cert=files["cert"],
        tls_client_key=files["key"],
    )


def check_plain(address: str, *, allowed: bool) -> None:
    """Refuse a connection without TLS that leaves this machine, unless a user allows it.

    Raises
    ------
    SecurityError
        If the address is one of those.
    """
    if address.startswith("tls://") or allowed or is_loopback(address):
        return
    raise SecurityError(
        f"{address} would be reached without TLS: anyone on the way could read and change what the "
        "workers do. Start the scheduler with --protocol tls and name it tls://..., reach it "
        "through ssh -L, or set cluster.plain=true if the network is yours alone."
    )


def is_loopback(address: str) -> bool:
    """Whether an address ``protocol://host:port`` is on this machine's own interface."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked(ca: str | None, certificate: str | None, key: str | None) -> dict[str, str]:
    """Absolute paths of the files, which exist; the key is its owner's alone."""
    paths = {
        part: Path(str(name)).expanduser().absolute()
        for part, name in (("ca", ca), ("cert", certificate), ("key", key))
    }
    for path in paths.values():
        if not path.is_file():
            raise SecurityError(f"There is no file {path}; expected a certificate or key in PEM.")
    mode = stat.S_IMODE(paths["key"].stat().st_mode)
    if mode & 0o077:
        raise SecurityError(
            f"Others may read the private key {paths['key']} (mode {mode:04o}). "
            f"Make it its owner's alone: chmod 600 {paths['key']}"
        )
    return {part: str(path) for part, path in paths.items()}
