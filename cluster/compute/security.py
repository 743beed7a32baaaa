"""Provides TLS certificates for clusters and refuses unsafe connections."""

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
from zpoints.storage.backend.local_path import local_path


def cluster_security(tls: TlsConfig) -> Security:
    """Certificates for scheduler, workers and client of a cluster that the run starts.

    Without certificates in the configuration, temporary ones are made, which live as long as the
    run. A process without a certificate cannot connect.

    Raises
    ------
    SecurityError
        If a file is missing, or other users may read the key.
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
def shared_folder_security(tls: TlsConfig, folder: Path) -> Iterator[Security]:
    """Certificates as in ``cluster_security``, for workers on other nodes.

    Temporary certificates are written to files in a folder that all nodes share. Only their owner
    may read them, and they are removed at the end of the block.
    """
    if tls.key is not None:
        yield cluster_security(tls)
        return
    temporary = Security.temporary()
    parts = {
        "ca": temporary.tls_ca_file,
        "certificate": temporary.tls_client_cert,
        "key": temporary.tls_client_key,
    }
    with TemporaryDirectory(prefix="certificates-", dir=folder) as private:
        files = {part: Path(private, f"{part}.pem") for part in parts}
        for part, path in files.items():
            path.touch(mode=0o600)
            path.write_text(parts[part])
        yield cluster_security(TlsConfig(**{part: str(path) for part, path in files.items()}))


def client_security(tls: TlsConfig) -> Security:
    """Certificates of a client, from the configuration or Dask's ``distributed.comm.tls``.

    Raises
    ------
    SecurityError
        If none are configured, a file is missing, or other users may read the key.
    """
    names = (tls.ca, tls.certificate, tls.key)
    if tls.key is None:
        settings = dask.config.get("distributed.comm.tls")
        side = settings["client"]
        names = (settings["ca-file"], side["cert"], side["key"] or side["cert"])
    if None in names:
        raise SecurityError(
            "No certificates are configured; a tls:// scheduler requires them. Set cluster.tls.ca, "
            "cluster.tls.certificate and cluster.tls.key, or distributed.comm.tls in Dask's own "
            "configuration."
        )
    files = _checked(*names)
    return Security(
        require_encryption=True,
        tls_ca_file=files["ca"],
        tls_client_cert=files["cert"],
        tls_client_key=files["key"],
    )


def check_plain(address: str, *, allowed: bool) -> None:
    """Refuse a connection without TLS to another machine, unless the user allows it.

    Raises
    ------
    SecurityError
        If the connection is refused.
    """
    if address.startswith("tls://") or allowed or is_loopback(address):
        return
    raise SecurityError(
        f"{address} would be reached without TLS: anyone on the network could read and change what "
        "the workers do. Start the scheduler with --protocol tls and name it tls://..., connect "
        "through ssh -L, or set cluster.plain=true if nobody else uses the network."
    )


def is_loopback(address: str) -> bool:
    """Whether an address ``protocol://host:port`` is on this machine's loopback interface."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked(ca: str | None, certificate: str | None, key: str | None) -> dict[str, str]:
    """Absolute paths of the files, once they exist and only their owner may read the key."""
    paths = {
        part: local_path(str(name)).absolute()
        for part, name in (("ca", ca), ("cert", certificate), ("key", key))
    }
    for path in paths.values():
        if not path.is_file():
            raise SecurityError(
                f"File {path} not found; expected a certificate or key in PEM format."
            )
    mode = stat.S_IMODE(paths["key"].stat().st_mode)
    if mode & 0o077:
        raise SecurityError(
            f"Other users may read the private key {paths['key']} (mode {mode:04o}); expected mode "
            f"0600. Restrict it: chmod 600 {paths['key']}"
        )
    return {part: str(path) for part, path in paths.items()}
